import { invalidOption } from '../options';
import { unmeasured } from './memory-figure';
import { SampledFigure } from './sampled-figure';
import type { MemorySource } from './tracked';

/** A `Worker` of `node:worker_threads`. */
export interface TrackedThread {
  readonly threadId: number;
  /** In Node from 22.16 on, and from 24. */
  getHeapStatistics?(): Promise<{ total_physical_size: number; external_memory: number; malloced_memory: number }>;
  once(event: 'exit', listener: () => void): unknown;
  off(event: 'exit', listener: () => void): unknown;
}

/** Node's number of a thread that has exited. */
const exited = -1;

/**
 * Measures the JavaScript engine of a thread: what its heap has of memory, what objects hold outside of it (buffers
 * are that), and what V8 has from malloc.
 *
 * @param onEnd called when it has exited, in a later turn
 * @throws ERR_SPILLWAY_INVALID_OPTION
 */
export function threadSource(worker: TrackedThread, onEnd: () => void): MemorySource {
  const given = worker as Partial<TrackedThread> | null | undefined;
  if (typeof given?.threadId !== 'number' || typeof given.once !== 'function') throw invalidOption('worker', worker, 'a Worker of node:worker_threads');
  if (worker.threadId === exited) queueMicrotask(onEnd);
  worker.once('exit', onEnd);
  const release = (): void => { worker.off('exit', onEnd); };
  if (worker.getHeapStatistics === undefined) return { figure: unmeasured, inProcess: true, release };
  const figure = new SampledFigure(async () => {
    const heap = await worker.getHeapStatistics?.();
    return heap && { bytes: heap.total_physical_size + heap.external_memory + heap.malloced_memory, source: 'v8', confidence: 'exact' };
  });
  return { get figure() { return figure.last; }, inProcess: true, refresh: (maxAgeMs) => figure.refresh(maxAgeMs), release };
}
