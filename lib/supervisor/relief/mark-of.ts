import type { MemoryLimits } from '../../monitor/types';

/** The lower of memory.high and memory.max; `Infinity` where neither is set, or known. */
export function markOf({ highBytes = Infinity, maxBytes = Infinity }: MemoryLimits): number {
  return Math.min(highBytes, maxBytes);
}
