import { join } from 'node:path';
import { formatBytes } from '../../format-bytes';
import { ok, skipped, warning } from './finding';
import type { Situation } from './situation';
import type { Finding } from './types';

/** Swap takes what a pool holds beyond its mark, if nobody limits it; zswap keeps it in memory, compressed. */
export function checkSwap({ base, facts, own }: Situation): Finding {
  if (facts.platform !== 'linux') return skipped('swap', 'this is not Linux');
  // proc(5): the size is in KiB. Only lines that have one are areas.
  const sizes = facts.read('/proc/swaps')?.split('\n').flatMap((line) => /^\S+\s+\S+\s+(\d+)\s/.exec(line)?.[1] ?? []).map((size) => Number(size) * 1024);
  if (sizes === undefined) return skipped('swap', '/proc/swaps cannot be read');
  if (sizes.length === 0) return ok('swap', 'No swap.');
  const zswap = facts.read('/sys/module/zswap/parameters/enabled')?.trim() === 'Y';
  const swap = `${formatBytes(sizes.reduce((sum, size) => sum + size, 0))} of swap${zswap ? ' with zswap' : ''}`;
  // The root of the hierarchy has no such file, so any cgroup that can be seen may tell.
  const directories = [base.found ? base.directory : undefined, own].filter((each) => each !== undefined);
  const seen = directories.flatMap((each) => [each, ...facts.list(each).filter((entry) => entry.directory).map((entry) => join(each, entry.name))]);
  const withMemory = seen.filter((each) => facts.exists(join(each, 'memory.max')));
  if (withMemory.length > 0 && !withMemory.some((each) => facts.exists(join(each, 'memory.swap.max')))) {
    return warning('swap', `${swap}, and no memory.swap.max: a pool swaps at its mark instead of being relieved.`, { fix: "boot with the kernel parameter 'swapaccount=1', or 'swapoff -a'" });
  }
  return ok('swap', `${swap}; pools keep out of it, as limits.swapMaxBytes is 0 by default.`);
}
