import { error, info, ok, skipped } from './finding';
import type { HostFacts } from './host-facts';
import type { Situation } from './situation';
import type { Finding } from './types';

/** Linux, and a binary for it. */
export function checkPlatform({ facts }: Situation): Finding {
  const support = facts.support();
  if (support.ok) return ok('platform', 'Linux, and the native binary is loaded.');
  return error('platform', `The native part does not work: ${support.reason}.`, { fix: support.fix, lowersTo: 'none' });
}

/** Whether the kernel is of this version or a later one; `undefined` when its name tells no version. */
export function kernelIsFrom(major: number, minor: number, { release }: HostFacts): boolean | undefined {
  const match = /^(\d+)\.(\d+)/.exec(release);
  if (match === null) return undefined;
  const [is, isMinor] = [Number(match[1]), Number(match[2])];
  return is > major || (is === major && isMinor >= minor);
}

/** What each version brought: Documentation/admin-guide/cgroup-v2.rst, pidfd_open(2). */
export function checkKernelVersion({ facts }: Situation): Finding {
  if (facts.platform !== 'linux') return skipped('kernel-version', 'this is not Linux');
  const from = (major: number, minor: number): boolean => kernelIsFrom(major, minor, facts) !== false;
  const fix = 'run on a kernel from 5.14';
  if (!from(5, 3)) {
    return error('kernel-version', `Linux ${facts.release} has no pidfd_open (5.3), so a kill could hit another process that got the pid.`, { fix, lowersTo: 'none' });
  }
  if (!from(5, 14)) {
    return error('kernel-version', `Linux ${facts.release} has no cgroup.kill (5.14), so a worker's descendants cannot be ended for certain.`, { fix, lowersTo: 'polling' });
  }
  if (!from(5, 19)) {
    return info('kernel-version', `Linux ${facts.release} does all that is needed, but has no memory.peak (5.19): peaks of workers are not known exactly.`);
  }
  return ok('kernel-version', `Linux ${facts.release}; 5.14 is needed.`);
}
