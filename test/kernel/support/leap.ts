import type { WorkerOptions } from '../../../lib/supervisor/worker-options';
import type { Started, Supervised } from './supervisors';

/** A shell command that takes this much memory at once, faster than anybody but the kernel could notice, and ends. */
export function taking(mib: number): string {
  return `dd if=/dev/zero of=/dev/null bs=${mib}M count=1 status=none`;
}

/** A worker of one process, which takes the memory when it is told a line. */
export function leaper(pool: Supervised, options: WorkerOptions, mib = 400): Promise<Started> {
  return pool.run('sh', ['-c', `read go; exec ${taking(mib)}`], options);
}

/** A shell command that sets `$leaf` to the directory of the shell's own cgroup. */
export const findLeaf = 'leaf=/sys/fs/cgroup$(sed -n s/^0:://p /proc/self/cgroup)';
