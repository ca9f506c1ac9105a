import { mkdirSync, readFileSync, rmdirSync, statfsSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = '/sys/fs/cgroup';
const CGROUP2_SUPER_MAGIC = 0x63677270;

/**
 * Whether kernel tests can run here without the lab: cgroup v2 alone on
 * /sys/fs/cgroup, its memory controller, and the right to make cgroups.
 */
export function hasWritableMemoryController() {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return false;
  try {
    if (statfsSync(ROOT).type !== CGROUP2_SUPER_MAGIC) return false;
    if (!readFileSync(join(ROOT, 'cgroup.controllers'), 'utf8').trim().split(' ').includes('memory')) return false;
    // Root may still look at a read-only mount (a container): only a probe tells.
    const probe = join(ROOT, `spillway-probe-${process.pid}`);
    mkdirSync(probe);
    rmdirSync(probe);
    return true;
  } catch {
    return false;
  }
}
