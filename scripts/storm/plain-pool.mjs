import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { spawnInside } from './child.mjs';
import { emptyGroup, makeGroup } from './cgroup.mjs';
import { pool as limits } from './workloads.mjs';

/** As Spillway's launcher does, so that the OOM killer sees the same workers. */
const ADJUST = 'echo 500 >/proc/self/oom_score_adj && exec "$@"';

/** A pool for guards that start no workers: the same cgroups that Spillway would make. */
export class PlainPool {
  path;

  /**
   * @param {string} base
   * @param {{ high: boolean }} guard
   */
  constructor(base, { high }) {
    this.path = join(base, 'pool');
    makeGroup(this.path);
    writeFileSync(join(this.path, 'memory.max'), String(limits.maxBytes));
    writeFileSync(join(this.path, 'memory.swap.max'), '0');
    if (high) writeFileSync(join(this.path, 'memory.high'), String(limits.markBytes));
  }

  /** @param {import('./guarding.mjs').WorkerOrder} order */
  async spawn({ id, command, env }) {
    const leaf = join(this.path, id);
    mkdirSync(leaf);
    writeFileSync(join(leaf, 'memory.oom.group'), '1');
    const child = spawnInside(leaf, ['/bin/sh', '-c', ADJUST, 'sh', ...command], { env });
    if (child.pid === undefined) throw new Error(`cannot start ${id}`);
    return child.pid;
  }

  clear() {
    return emptyGroup(this.path);
  }
}
