import type { MemoryUsage } from '../monitor/types';
import { parseNumber } from '../options';
import type { WorkerCpu } from '../supervisor/types';
import { readProcessCpu } from '../process/process-cpu';
import { isAlive, readProcess } from '../process/process-entry';
import { sampledCpu } from './cpu-figure';
import { sampledMemory } from './memory-figure';
import { readProcessSize } from './process-size';
import { type Measured, SampledFigure } from './sampled-figure';
import type { MemorySource } from './tracked';
import { Turns } from './turns';

/** A pid, or a `Worker` of a Supervisor. */
export type TrackedProcess = number | {
  readonly pid: number;
  usage(): MemoryUsage | undefined;
  cpu?(): WorkerCpu | undefined;
  readonly exited: PromiseLike<unknown>;
};

const highestPid = 2 ** 22;

/** Each read keeps JavaScript waiting for some microseconds: not for those of a thousand workers at once. */
const workerTurns = new Turns();
/** Whoever reads a process whose memory map is locked waits for it: with one at a time that is one thread of libuv, and never all. */
const fileTurns = new Turns();

/**
 * Measures a process of its own, with all below it where that is a worker.
 *
 * @param onEnd called when it is seen to have ended, in a later turn
 * @throws ERR_SPILLWAY_INVALID_OPTION
 */
export function processSource(target: TrackedProcess, onEnd: () => void, procRoot = '/proc'): MemorySource {
  const worker = isWorker(target) ? target : undefined;
  const pid = parseNumber('process', worker?.pid ?? target, { min: 1, max: highestPid });
  const startTime = startTimeOf(pid, procRoot);
  const isThere = (): boolean => startTime !== undefined && startTimeOf(pid, procRoot) === startTime;
  const figure = new SampledFigure(sampledMemory, async () => {
    const used = worker === undefined ? undefined : await workerTurns.take(() => workerSize(worker.usage()));
    if (used !== undefined) return used;
    const size = await fileTurns.take(() => (isThere() ? readProcessSize(pid, procRoot) : undefined));
    // Looked at once more: the pid may have become another's before its file was read.
    if (isThere()) return size;
    if (worker === undefined) onEnd();
    return undefined;
  });
  const cpu = new SampledFigure(sampledCpu, () => workerTurns.take(() => {
    const all = worker?.cpu?.();
    // A cgroup tells of those that have ended, too.
    if (all !== undefined) return { ...all, confidence: all.source === 'cgroup' ? 'exact' : 'lower-bound' };
    const own = readProcessCpu(pid, procRoot);
    return own === undefined || !isThere() ? undefined : { seconds: own, source: 'process', confidence: worker === undefined ? 'exact' : 'lower-bound' };
  }));
  worker?.exited.then(onEnd, onEnd);
  return {
    get figure() { return figure.last; },
    get cpu() { return cpu.last; },
    inProcess: false,
    refresh: async (maxAgeMs) => { await Promise.all([figure.refresh(maxAgeMs), cpu.refresh(maxAgeMs)]); },
  };
}

function isWorker(target: unknown): target is Exclude<TrackedProcess, number> {
  const given = target as { pid?: unknown; usage?: unknown } | null | undefined;
  return typeof given?.pid === 'number' && typeof given.usage === 'function';
}

function startTimeOf(pid: number, procRoot: string): number | undefined {
  const entry = readProcess(pid, procRoot);
  return entry !== undefined && isAlive(entry) ? entry.startTime : undefined;
}

function workerSize(usage: MemoryUsage | undefined): Measured | undefined {
  if (usage?.currentBytes === undefined) return undefined;
  // Page cache is in the files of a cgroup only: without it these are sums over processes.
  const isCgroup = usage.fileBytes !== undefined;
  return { bytes: usage.currentBytes, source: isCgroup ? 'cgroup' : 'processes', confidence: isCgroup ? 'exact' : 'upper-bound' };
}
