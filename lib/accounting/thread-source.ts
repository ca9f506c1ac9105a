import { invalidOption } from '../options';
import { type CpuFigure, sampledCpu, unmeasuredCpu } from './cpu-figure';
import { sampledMemory, unmeasured } from './memory-figure';
import { type Answer, SampledFigure } from './sampled-figure';
import type { MemorySource } from './tracked';

/** A `Worker` of `node:worker_threads`. */
export interface TrackedThread {
  readonly threadId: number;
  /** In Node from 22.16 on, and from 24. */
  getHeapStatistics?(): Promise<{ total_physical_size: number; external_memory: number; malloced_memory: number }>;
  /** In Node from 22.19 on, and from 24.6. Microseconds. */
  cpuUsage?(): Promise<{ user: number; system: number }>;
  /** Milliseconds. */
  readonly performance?: { eventLoopUtilization(): { active: number } };
  once(event: 'exit', listener: () => void): unknown;
  off(event: 'exit', listener: () => void): unknown;
}

/** Node's number of a thread that has exited. */
const exited = -1;

/**
 * Measures the JavaScript engine of a thread: what its heap has of memory, what objects hold outside of it (buffers
 * are that), and what V8 has from malloc. And its processor time, or in an older Node for how long its event loop was
 * busy: less where it works before that runs, more where it had to wait.
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
  const heap = worker.getHeapStatistics && new SampledFigure(sampledMemory, async () => {
    const statistics = await worker.getHeapStatistics?.();
    return statistics && { bytes: statistics.total_physical_size + statistics.external_memory + statistics.malloced_memory, source: 'v8', confidence: 'exact' };
  });
  const cpu = (worker.cpuUsage ?? worker.performance) && new SampledFigure(sampledCpu, () => cpuOf(worker));
  return {
    get figure() { return heap?.last ?? unmeasured; },
    get cpu() { return cpu?.last ?? unmeasuredCpu; },
    inProcess: true,
    refresh: async (maxAgeMs) => { await Promise.all([heap?.refresh(maxAgeMs), cpu?.refresh(maxAgeMs)]); },
    release,
  };
}

async function cpuOf(worker: TrackedThread): Promise<Answer<CpuFigure> | undefined> {
  const usage = await worker.cpuUsage?.();
  if (usage !== undefined) return { seconds: (usage.user + usage.system) / 1e6, source: 'thread', confidence: 'exact' };
  const activeMs = worker.performance?.eventLoopUtilization().active ?? 0;
  // 0 before its event loop runs, and again after its end.
  return activeMs === 0 ? undefined : { seconds: activeMs / 1000, source: 'event-loop', confidence: 'estimate' };
}
