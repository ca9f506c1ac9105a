import { constants, PerformanceObserver, type PerformanceEntry } from 'node:perf_hooks';
import { getHeapStatistics } from 'node:v8';
import type { MemoryFigure } from './memory-figure';
import type { MemorySource } from './tracked';

/** What a heap tells; tests have their own. */
export interface Heap {
  /** Bytes in use, garbage included. */
  used(): number;
  /** Calls back after each collection of the whole heap, until it is stopped. Does not keep the process alive. */
  onCollected(listener: () => void): () => void;
}

const ownHeap: Heap = {
  used: () => getHeapStatistics().used_heap_size,
  onCollected(listener) {
    const observer = new PerformanceObserver((list) => {
      const entries = list.getEntries() as (PerformanceEntry & { detail?: { kind?: number } })[];
      if (entries.some(({ detail }) => detail?.kind === constants.NODE_PERFORMANCE_GC_MAJOR)) listener();
    });
    observer.observe({ entryTypes: ['gc'] });
    return () => { observer.disconnect(); };
  },
};

/** What measured calls within the one under way have grown the heap by: theirs, not its. */
let innerBytes = 0;

/**
 * Guesses what one owner has on the heap, from how much the heap grows while its code runs synchronously. At each
 * collection of the whole heap the guess falls by the share that the heap falls, as if all had lost the same.
 */
export class HeapEstimate implements MemorySource {
  readonly inProcess = true;
  #bytes = 0;
  #sampledAt: number | undefined;
  /** The heap as it was seen last. */
  #usedBytes = 0;
  #stop: (() => void) | undefined;

  constructor(private readonly heap: Heap = ownHeap) {}

  /** Returns, and throws, what `work` does. */
  run<T>(work: () => T): T {
    this.#stop ??= this.heap.onCollected(() => {
      const usedBytes = this.heap.used();
      if (usedBytes < this.#usedBytes) this.#bytes *= usedBytes / this.#usedBytes;
      this.#usedBytes = usedBytes;
    });
    const outerInnerBytes = innerBytes;
    innerBytes = 0;
    const beforeBytes = this.heap.used();
    try {
      return work();
    } finally {
      this.#usedBytes = this.heap.used();
      // Less than nothing: there was a collection meanwhile, and how much it took nobody knows.
      const grownBytes = Math.max(0, this.#usedBytes - beforeBytes);
      this.#bytes += Math.max(0, grownBytes - innerBytes);
      this.#sampledAt = Date.now();
      innerBytes = outerInnerBytes + grownBytes;
    }
  }

  get figure(): MemoryFigure {
    return { bytes: Math.round(this.#bytes), source: 'heap-growth', confidence: 'estimate', sampledAt: this.#sampledAt, measuring: true };
  }

  release(): void {
    this.#stop?.();
    this.#stop = undefined;
  }
}
