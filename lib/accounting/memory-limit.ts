import { totalmem } from 'node:os';
import type { PlaceFacts } from '../cgroup/memory-place';
import { memorySnapshotOf } from '../cgroup/memory-snapshot';
import { hostFacts } from '../cgroup/preflight/host-facts';

export interface MemoryLimit {
  bytes: number;
  /** The cgroup file that says so, or `'host'`: the machine's memory. */
  source: string;
}

/**
 * How much memory there is for this process: the lowest limit of its cgroup and those above it, on cgroup v2
 * (`memory.max`, `memory.high`) or v1 (`memory.limit_in_bytes`); the machine's memory where that is less, none is
 * set, or no cgroup can be seen.
 */
export function findMemoryLimit(facts: PlaceFacts = hostFacts): MemoryLimit {
  const { totalBytes, limitedBy, sources } = memorySnapshotOf(facts);
  if (totalBytes !== undefined && limitedBy !== undefined && limitedBy !== 'host') return { bytes: totalBytes, source: sources.total[0] ?? limitedBy };
  return { bytes: totalBytes ?? totalmem(), source: 'host' };
}
