import { totalmem } from 'node:os';
import { dirname, join } from 'node:path';
import { topOf } from './delegation';
import { hostFacts, type HostFacts } from './preflight/host-facts';

const MiB = 2 ** 20;
const GiB = 2 ** 30;

/**
 * The default of `memory.high` for a pool: what is there, less a reserve for the supervisor and the
 * system of 10 %, at least 500 MiB and at most 10 GiB, but never more than a quarter.
 */
export function defaultHighBytes(totalBytes: number): number {
  const reserve = Math.min(Math.max(totalBytes * 0.1, 500 * MiB), 10 * GiB, totalBytes * 0.25);
  return Math.floor(totalBytes - reserve);
}

/** The lowest memory.max or memory.high of a cgroup and those above it. */
export interface LowestLimit {
  /** `Infinity`: none of them is limited. */
  bytes: number;
  /** The file that says so. */
  source: string | undefined;
  /**
   * Whether cgroups further up may have lower limits, which nobody in here can see: above the root of
   * this process's cgroup namespace, or of a bind mount of a sub-tree.
   */
  unknownAbove: boolean;
}

export function lowestLimitOf(directory: string, facts: Pick<HostFacts, 'read' | 'exists'> = hostFacts): LowestLimit {
  let lowest: Pick<LowestLimit, 'bytes' | 'source'> = { bytes: Infinity, source: undefined };
  const top = topOf(directory, facts);
  for (let at = directory; ; at = dirname(at)) {
    // An ancestor at its memory.high throttles the pool just as well, before the pool's own mark is heard.
    for (const source of [join(at, 'memory.max'), join(at, 'memory.high')]) {
      const text = facts.read(source) ?? '';
      if (/^\d+\n?$/.test(text) && Number(text) < lowest.bytes) lowest = { bytes: Number(text), source };
    }
    if (at === top || at === dirname(at)) break;
  }
  // Only the root of the whole hierarchy has no type.
  return { ...lowest, unknownAbove: facts.read(join(top, 'cgroup.type')) !== undefined };
}

/** How much memory there is for a cgroup: the lowest limit that can be seen, or the machine's memory. */
export function totalBytesOf(directory: string): number {
  return Math.min(totalmem(), lowestLimitOf(directory).bytes);
}
