import type { MemoryUsage } from '../monitor/types';

/** What a worker's death gives back: page cache stays with the pool, shared memory may. */
export function freeableBytes({ anonBytes, swapBytes = 0 }: MemoryUsage): number | undefined {
  return anonBytes === undefined ? undefined : anonBytes + swapBytes;
}

/**
 * What one that is dying has yet to give back. That may be more than its anonymous memory: the kernel takes pages off
 * that when it unmaps them, and gives them back later, up to 10,000 at a time (mm/mmu_gather.c). Counted too low, the
 * next worker dies for them; counted too high, the end of this one is waited for.
 */
export function dyingBytes(usage: MemoryUsage): number {
  const { currentBytes, fileBytes, kernelBytes, shmemBytes = 0, swapBytes = 0 } = usage;
  const counted = freeableBytes(usage) ?? 0;
  if (currentBytes === undefined || fileBytes === undefined || kernelBytes === undefined) return counted;
  // Shared memory may stay, but that of its processes alone goes with the last of them.
  return Math.max(counted, currentBytes - (fileBytes - shmemBytes) - kernelBytes + swapBytes);
}
