import type { EventEmitter } from 'node:events';
import type { SpillwayError } from '../errors';

/**
 * Keys of `memory.events` that Spillway reads; the kernel may add others, which are ignored.
 * Meaning: Documentation/admin-guide/cgroup-v2.rst, "memory.events".
 */
export const memoryEventKeys = ['low', 'high', 'max', 'oom', 'oom_kill', 'oom_group_kill'] as const;
export type MemoryEventKey = (typeof memoryEventKeys)[number];

/** One number per key. A key that the kernel does not have (`oom_group_kill` before 5.17) is 0. */
export type MemoryCounters = Record<MemoryEventKey, number>;

/** A cgroup's memory in bytes. What was not read, or cannot be, is `undefined`, never 0. */
export interface MemoryUsage {
  /** `memory.current`. */
  currentBytes?: number;
  /**
   * What reclaim cannot give back: current - active_file - inactive_file - slab_reclaimable, plus
   * swap.current where swap is allowed. Read near the mark only; `undefined` far below it.
   */
  pinnedBytes?: number;
  anonBytes?: number;
  fileBytes?: number;
  inactiveFileBytes?: number;
  activeFileBytes?: number;
  shmemBytes?: number;
  kernelBytes?: number;
  slabReclaimableBytes?: number;
  swapBytes?: number;
}

/** A cgroup's own limits in bytes; `Infinity` is the kernel's `max`. `undefined`: the file could not be read. */
export interface MemoryLimits {
  highBytes?: number;
  maxBytes?: number;
  swapMaxBytes?: number;
}

export interface BreachBase {
  /** The watched cgroup's directory; where processes are measured instead, a name for all of them. */
  cgroup: string;
  /** A sentence for people: what was seen, with figures. */
  reason: string;
  /** 1 for the first breach of a monitor, then growing by 1. */
  sequence: number;
  /** When the native thread noticed, on the time line of `performance.now()` of this environment. */
  detectedAtMs: number;
  usage: MemoryUsage;
  limits: MemoryLimits;
  /** Whether memory that reclaim cannot give back is at the mark. Only then is a kill of use. */
  short: boolean;
}

export interface EventBreach extends BreachBase {
  source: 'event';
  /** Totals as the kernel counts them. */
  counters: MemoryCounters;
  /** Growth since the breach before, or since `start()`. All 0 when the safety read found the shortage. */
  delta: MemoryCounters;
  /**
   * How many workers the native thread has killed for it already, because the supervisor's JavaScript did
   * not answer in time. Absent when none. With it `usage` may be that of after the shortage.
   */
  takenOver?: number;
}

/**
 * What counts as used:
 * - `'pinned'`: what reclaim cannot give back, see `MemoryUsage.pinnedBytes`;
 * - `'working-set'`: current - inactive_file - active_file;
 * - `'anon-shmem'`: anonymous and shared memory;
 * - `'current'`: everything that is charged, page cache as well;
 * - `'host'`: MemTotal - MemAvailable of the whole machine (/proc/meminfo).
 */
export type ThresholdBasis = 'pinned' | 'working-set' | 'anon-shmem' | 'current' | 'host';

/** More memory is used than a share of what there is. `usage` and `limits` are those of `level`; of the host they are empty. */
export interface ThresholdBreach extends BreachBase {
  source: 'threshold';
  basis: ThresholdBasis;
  /** By the basis. */
  usedBytes: number;
  thresholdBytes: number;
  /** What the threshold is a share of: the limit of `level`, at most the machine's memory. */
  totalBytes: number;
  /** Who is over: the directory of the watched cgroup or of one above it, or `'the host'`; where processes are measured, a name for all of them. */
  level: string;
}

/** How long tasks have waited for memory in all, in milliseconds with a fraction: `total` of the kernel's file. Never falls. */
export interface PressureTotals {
  /** At least one task waited. */
  someMs: number;
  /** All tasks that were not idle waited at once: no work was done. */
  fullMs: number;
}

/** Tasks waited for memory: it was reclaimed, read back from disk or swap, or they were slowed at `memory.high`. */
export interface PressureBreach extends BreachBase {
  source: 'pressure';
  /** Which of the two totals is watched. */
  stall: 'some' | 'full';
  /** The trigger as the kernel has it: so long a stall within `windowMs`. */
  stallMs: number;
  windowMs: number;
  /** Since the cgroup was made, or since boot. */
  totals: PressureTotals;
  /** Growth since the breach before, or since `start()`. */
  growth: PressureTotals;
}

export type Breach = EventBreach | PressureBreach | ThresholdBreach;

export interface Removal {
  cgroup: string;
  /** The last counters that could be read. */
  counters: MemoryCounters;
  /** True when they were read after the last process had left, so that nothing can be missing. */
  exact: boolean;
}

/** What a pressure monitor tells of the end of its cgroup. */
export interface PressureRemoval {
  cgroup: string;
  /** As they were last read. */
  totals: PressureTotals;
  /** The kernel takes the file away with the cgroup, so a last stall may be missing. */
  exact: false;
}

/** What a threshold monitor tells of the end of its cgroup. */
export interface ThresholdRemoval {
  cgroup: string;
  /** At the last sample. */
  usage: MemoryUsage;
  exact: false;
}

type RemovalOf<B extends Breach> = B extends PressureBreach ? PressureRemoval : B extends ThresholdBreach ? ThresholdRemoval : Removal;

/** Events of every monitor. There is no `'error'`: failures at run time are `'degraded'`. */
export interface MonitorEvents<B extends Breach = Breach> {
  breach: [B];
  /** Memory fell below the mark or threshold by the kill buffer. Of a pressure monitor: two windows passed without the stall. */
  clear: [];
  /** The watch no longer works as it should; it keeps trying, and `state` tells when it is back. */
  degraded: [SpillwayError];
  /** The watched cgroup is gone. The monitor has stopped. */
  removed: [RemovalOf<B>];
}

/** `'stopped'` before `start()` and after `stop()`; `'breached'` from a short breach, or any of a pressure or threshold monitor, until `'clear'`. */
export type MonitorState = 'ok' | 'breached' | 'degraded' | 'stopped';

/** What every monitor is. Synchronous ends, no `'error'` event. */
export interface MemoryMonitor extends EventEmitter<MonitorEvents>, Disposable {
  start(): this;
  /** May be called twice; no event comes after it returns. */
  stop(): void;
  readonly running: boolean;
  readonly state: MonitorState;
}
