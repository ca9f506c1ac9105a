import { totalmem } from 'node:os';
import { lowestLimitOf } from '../cgroup/limits';
import { ownCgroup } from '../cgroup/own-cgroup';
import { type CgroupFacts, hostFacts } from '../cgroup/preflight/host-facts';
import { SpillwayError } from '../errors';

export interface MemoryLimit {
  bytes: number;
  /** The cgroup file that says so, or `'host'`: the machine's memory. */
  source: string;
}

/**
 * How much memory there is for this process: the lowest `memory.max` or `memory.high` of its cgroup and those above
 * it, or the machine's memory where that is less, or none is set, or no cgroup v2 can be seen.
 */
export function findMemoryLimit(facts: CgroupFacts = hostFacts, hostBytes = totalmem()): MemoryLimit {
  const cgroup = ownCgroupIfAny(facts);
  const { bytes, source } = cgroup === undefined ? { bytes: Infinity, source: undefined } : lowestLimitOf(cgroup, facts);
  return source === undefined || bytes >= hostBytes ? { bytes: hostBytes, source: 'host' } : { bytes, source };
}

function ownCgroupIfAny(facts: CgroupFacts): string | undefined {
  try {
    return ownCgroup(facts);
  } catch (error) {
    if (error instanceof SpillwayError && error.code === 'ERR_SPILLWAY_NOT_CGROUP2') return undefined;
    throw error;
  }
}
