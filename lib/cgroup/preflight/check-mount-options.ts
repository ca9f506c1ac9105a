import { info, ok, skipped, warning } from './finding';
import type { Situation } from './situation';
import type { Finding } from './types';

/** cgroup-v2.rst, "Mounting". What the kernel merely knows is in /sys/kernel/cgroup/features; what is on, only in the mount table. */
export function checkMountOptions({ mounts }: Situation): Finding {
  const [mount] = mounts;
  if (mount === undefined) return skipped('mount-options', 'there is no cgroup v2');
  const { options, directory } = mount;
  const remount = `as root of the host: 'mount -o remount,nsdelegate,memory_recursiveprot ${directory}'`;
  if (options.includes('memory_localevents')) {
    return warning('mount-options', 'cgroup v2 is mounted with memory_localevents: OOM kills in workers are not counted in the pool, so the pool does not hear of them.', { fix: remount });
  }
  const missing = ['nsdelegate', 'memory_recursiveprot'].filter((option) => !options.includes(option));
  if (missing.length === 0) return ok('mount-options', 'Mounted with nsdelegate and memory_recursiveprot.');
  const consequences = {
    nsdelegate: 'a cgroup namespace keeps nobody in',
    memory_recursiveprot: "a worker's memory.low does not hold below its cgroup",
  };
  const texts = missing.map((option) => `${option} (${consequences[option as keyof typeof consequences]})`);
  return info('mount-options', `Mounted without ${texts.join(' and ')}; Spillway needs neither.`, { fix: remount });
}
