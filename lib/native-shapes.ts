import type { MemoryCounters, MemoryLimits, MemoryUsage, PressureTotals } from './monitor/types';

/** A failed system call, as the native core reports it. */
export interface NativeFailure {
  /** Positive errno, or -1: the file was read but is not of the documented format. */
  errno: number;
  syscall: string;
  /** File within the cgroup, or ''. */
  file: string;
  /** Whose file, where a place has cgroups above: 1 is the parent. Absent: the cgroup's own. */
  level?: number;
}

export interface NativeShortness {
  /** False: the files do not tell, and `short` is false. */
  known: boolean;
  short: boolean;
  pinnedBytes?: number;
  /** min(memory.high, memory.max), `Infinity` where neither is set. */
  markBytes: number;
  clearBytes: number;
  bytesToFree: number;
}

export interface NativeMemoryReport {
  breach: boolean;
  removed: boolean;
  exact: boolean;
  newBaseline: boolean;
  /** At the last look that could tell; `shortness` is of the last look. */
  short: boolean;
  failure?: NativeFailure;
  counters: MemoryCounters;
  delta: MemoryCounters;
  usage: MemoryUsage;
  limits: MemoryLimits;
  shortness: NativeShortness;
  /** How many kills by the armed plan wait for `takeKills`; with any, `breach` is true. */
  kills: number;
  /** When the thread noticed the first thing in this report: milliseconds of CLOCK_MONOTONIC, see `onTimeLine`. 0 without a breach. */
  noticedMs: number;
}

export interface NativePressureReport {
  /** The trigger was reached since the report before. */
  breach: boolean;
  /** Less than two quiet windows have passed since. */
  stalled: boolean;
  removed: boolean;
  failure?: NativeFailure;
  totals: PressureTotals;
  /** Since the last report with `breach`. */
  growth: PressureTotals;
  /** Of the cgroup at the last breach, as `limits` and `shortness`; empty without a cgroup. */
  usage: MemoryUsage;
  limits: MemoryLimits;
  shortness: NativeShortness;
  /** When the thread noticed the first thing in this report: milliseconds of CLOCK_MONOTONIC, see `onTimeLine`. 0 without a breach. */
  noticedMs: number;
}

export interface NativeThresholdReport {
  /** A threshold was crossed since the report before, or a breach that lasts is told again. */
  breach: boolean;
  /** It was crossed. */
  crossed: boolean;
  over: boolean;
  removed: boolean;
  failure?: NativeFailure;
  /** Whose figures follow: 0 is the cgroup itself or the host, 1 its parent. They are of the last breach; with `removed` and no breach, of the last sample. */
  level: number;
  totalBytes: number;
  usedBytes: number;
  thresholdBytes: number;
  clearBytes: number;
  /** Empty for the host. */
  usage: MemoryUsage;
  limits: MemoryLimits;
  pinnedBytes?: number;
  short: boolean;
  /** When the thread noticed the first breach in this report: milliseconds of CLOCK_MONOTONIC, see `onTimeLine`. 0 without a breach. */
  noticedMs: number;
}

/** A place's memory, at one moment. */
export interface NativePlaceSample {
  /** Of the cgroup itself; empty for the host. */
  usage: MemoryUsage;
  limits: MemoryLimits;
  pinnedBytes?: number;
  /** The lowest limit there is: of the cgroup, those above it, and the machine's memory. */
  totalBytes: number;
  /** Whose limit that is: 0 is the cgroup itself, 1 its parent. Absent: the machine's memory. */
  totalLevel?: number;
  host: { totalBytes: number; availableBytes: number; swapTotalBytes: number; swapFreeBytes: number };
}

export interface NativePopulatedReport {
  populated: boolean;
  removed: boolean;
  failure?: NativeFailure;
}

export interface NativeMemorySample {
  usage: MemoryUsage;
  limits: MemoryLimits;
}

/** One victim that an armed plan has killed. Times are milliseconds of CLOCK_MONOTONIC, with a fraction. */
export interface NativeKill {
  victim: number;
  /** When the shortage was first seen. */
  noticedMs: number;
  decidedMs: number;
  signalledMs: number;
  /** When its main process was seen to have ended; absent when that was not yet. */
  exitedMs?: number;
  /** Of the watched cgroup, when it was decided. */
  usage: MemoryUsage;
  limits: MemoryLimits;
  bytesToFree: number;
  /** Of `bytesToFree`, what the victims before it were about to give back. */
  dyingBytes: number;
  /** Anonymous memory and swap of the victim; absent when unknown. */
  freeableBytes?: number;
}

export interface NativeVictimState {
  /** Who kills it, or has killed it. Never given back. */
  claim: 'free' | 'javascript' | 'native';
  /** The watch whose plan it was, if native. */
  watch?: number;
  /** Why the last write to `cgroup.kill` failed, unless the leaf was gone. */
  failure?: NativeFailure;
}

export interface NativePlan {
  /** In the order in which they may be killed. Unknown ids are skipped. */
  victims: readonly number[];
  /** How long JavaScript may take for a step; `Infinity` disarms, 0 never waits for JavaScript. */
  takeoverMs: number;
  /** For so long after its kill a victim is waited for, and its memory counts as dying. */
  victimTimeoutMs: number;
}
