import type { SpillwayError } from '../errors';
import type { Breach, MemoryCounters, MemoryLimits, MemoryUsage, MonitorState } from '../monitor/types';
import type { Candidate, Ranked } from '../policy/types';
import type { LimitLevel } from './containment/types';
import type { Guarantee } from './guarantee';

/** Why a worker ended. */
export type ExitCause =
  /** It returned an exit code; of an adopted process, which is no child, the code is not known. */
  | 'exit'
  /** A signal that Spillway did not send: the program's own fault, or somebody's `kill`. */
  | 'signal'
  /** Killed by Spillway to relieve the pool; `reportId` names the report. */
  | 'spillway'
  /** Killed by the kernel's OOM killer. */
  | 'kernel-oom'
  /** V8 found its heap full and aborted. Told by the last words on stderr, so only where that is piped to this process. */
  | 'v8-heap'
  /** Ended by `supervisor.close()`. */
  | 'closed'
  /** Ended through the AbortSignal of its spawn options. */
  | 'aborted';

/**
 * Whose limit was hit: the worker's own, its group's, the pool's, or one above the pool (an ancestor's,
 * or the machine's memory).
 */
export type ExitBlame = 'own-limit' | 'group-limit' | 'pool' | 'host';

export interface WorkerExit {
  id: string;
  code: number | null;
  signal: NodeJS.Signals | null;
  cause: ExitCause;
  /** With cause `'spillway'` and `'kernel-oom'`. */
  blame?: ExitBlame;
  /**
   * What a queue should do with the work: start it `'elsewhere'` (or later) because others were in
   * the way, with a `'bigger'` limit because its own was too low, or `'no'`: memory was not the reason.
   */
  retryHint: 'elsewhere' | 'bigger' | 'no';
  /** `memory.peak` of its leaf (Linux 5.19); without cgroups the most that was seen, which may be too little. */
  peakBytes?: number;
  /** Final `memory.events` of its leaf. */
  counters?: MemoryCounters;
  /** How many of its processes outlived the main one, and were ended. `undefined`: nobody can tell (guarantee `'none'`). */
  leftovers?: number;
  /** The relief report that tells of its death. */
  reportId?: string;
}

export interface Victim {
  id: string;
  pid: number;
  /** Why this one, in words. */
  reason: string;
  freeableBytes: number | undefined;
  /** Whether it was gone within the limit (`victimTimeoutMs`). */
  died: boolean;
}

/** How a limit stands: the pool's, a group's or a worker's. */
export interface PoolState {
  usage: MemoryUsage;
  limits: MemoryLimits;
  short: boolean;
  /** min(memory.high, memory.max). */
  markBytes: number;
  /** What must be freed until the shortage is over; 0 when it is. */
  bytesToFree: number;
}

export interface TimelineEntry {
  /** Milliseconds since the native thread noticed the breach. */
  atMs: number;
  step: 'noticed' | 'started' | 'measured' | 'ranked' | 'signalled' | 'exited' | 'stuck' | 'ended';
  id?: string;
}

export type ReliefOutcome =
  /** Pinned memory is below the mark less the kill buffer, or the worker whose mark it was is gone. */
  | 'relieved'
  /** Nobody was left whom the policy allows to kill. */
  | 'no-candidate'
  /** `close()` came first. */
  | 'closed'
  /** The pool's files could not be read. */
  | 'unreadable';

/** Everything about one relief round. Plain JSON. */
export interface ReliefReport {
  schemaVersion: 1;
  reportId: string;
  hostname: string;
  /** When the breach was noticed, by the wall clock. */
  atIso: string;
  /** Whose limit was relieved: the pool's, or that of the group or worker `id`. */
  limit: { level: LimitLevel; id?: string };
  breach: Breach;
  outcome: ReliefOutcome;
  before: PoolState;
  after: PoolState;
  /** All workers as the policy saw them for the last decision, or for the only look without one. */
  candidates: Candidate[];
  /** The order of the last decision, each place with its reason. */
  ranking: Ranked[];
  /** Name of the policy, and why it was not used if it failed. */
  policy: string;
  policyError?: string;
  victims: Victim[];
  timeline: TimelineEntry[];
}

export interface SupervisorEvents {
  /** Every breach of a limit of the pool, a group or a worker, short or not; `cgroup` tells which. */
  breach: [Breach];
  /** Before the signal. */
  victim: [Victim];
  /** A relief round is over. */
  relief: [ReliefReport];
  exit: [WorkerExit];
  /** Something does not work as it should; the supervisor goes on. */
  degraded: [SpillwayError];
}

export interface SupervisorStatus {
  name: string;
  /** The pool's directory; `undefined` without cgroups. */
  cgroup: string | undefined;
  guarantee: Guarantee;
  /** Of the pool's limit; `undefined` where nothing is watched. */
  monitor: MonitorState | undefined;
  pool: PoolState | undefined;
  workers: (Candidate & { dying: boolean })[];
  counts: {
    /** Breaches heard: short ones, and those that were only churn. */
    shortBreaches: number;
    churnBreaches: number;
    reliefRounds: number;
    /** Workers killed by Spillway to relieve the pool. */
    kills: number;
    /** Processes that the kernel's OOM killer killed in the pool; without cgroups in the supervisor's own cgroup, or on the machine. */
    kernelOomKills: number | undefined;
  };
}
