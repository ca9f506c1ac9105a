import type { BoundFigures } from '../accounting/component-bounds';
import type { MemoryMode } from '../accounting/verify-memory';
import type { SpillwayError } from '../errors';
import type { WatchHealth } from '../monitor/ear';
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

/** How much processor time a worker's processes have taken so far. */
export interface WorkerCpu {
  seconds: number;
  /** `'processes'`: of those that are there, without what has ended in between; it may shrink. */
  source: 'cgroup' | 'processes';
}

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
  /** Who signalled it: JavaScript, or the native thread because JavaScript did not answer within `takeoverMs`. */
  by: 'javascript' | 'native';
  /** What it was sent first: SIGTERM where it has `graceMs` and only its own or its group's limit was short. */
  signal: 'SIGKILL' | 'SIGTERM';
  /** Whether it was gone within the limit (`victimTimeoutMs`). False in a dry run. */
  died: boolean;
  /** Of one that did not die: the state of its main process as in `/proc/PID/stat`, and what it waits for in the kernel. */
  stuck?: { state: string; waitsFor?: string };
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
  /** Milliseconds since the native thread noticed the breach, with fractions, by the monotonic clock. */
  atMs: number;
  step: TimelineStep;
  /** The worker or the reclaimer that it is about. */
  id?: string;
  /** With `'reclaimed'` and `'freed'`. */
  bytes?: number;
}

export type TimelineStep =
  /** The native thread saw the breach. */
  | 'noticed'
  /** JavaScript began with the round. */
  | 'leased'
  /** Limits and usage were read anew. */
  | 'measured'
  /** A reclaimer returned. */
  | 'reclaimed'
  /** A worker was told to shed memory. */
  | 'warned'
  /** A victim was chosen. */
  | 'decided'
  | 'signalled'
  /** Nothing is left of the victim. */
  | 'exited'
  /** The first measurement after an exit: pinned memory fell by so many bytes since the decision. */
  | 'freed'
  /** It did not die within `victimTimeoutMs`. */
  | 'stuck'
  /** Another breach of the same limit was heard. */
  | 'extended'
  | 'ended';

export type ReliefOutcome =
  /** Pinned memory is below the mark less the kill buffer, or the worker whose mark it was is gone. */
  | 'relieved'
  /** Nobody was left whom the policy allows to kill. */
  | 'no-candidate'
  /** `close()` came first. */
  | 'closed'
  /** The pool's files could not be read. */
  | 'unreadable'
  /** With `dryRun`: `victims` are those that would have been signalled. */
  | 'dry-run';

/** One choice of a round, made on fresh figures. */
export interface Decision {
  /** On the time line of the report. */
  atMs: number;
  by: 'javascript' | 'native';
  /** What had to be freed, and what victims of before were still to give back of it. */
  bytesToFree: number;
  dyingBytes: number;
  /** Candidates below this were passed over while larger ones existed. */
  minVictimBytes: number;
  /** What the death of each worker that could be chosen would have given back then; `null`: unknown. */
  freeableBytes: Record<string, number | null>;
  /** The one that was chosen; `undefined`: nobody could be. */
  victim?: string;
}

export interface Reclaimed {
  /** Name of the reclaimer. */
  name: string;
  askedBytes: number;
  /** What it says it has given back. 0 for one that failed or was late. */
  givenBytes: number;
  tookMs: number;
  /** Why it gave nothing: what it threw, or that it was late. */
  error?: string;
}

/** A worker that was told to shed memory (`shed` of its options). */
export interface Warned {
  id: string;
  how: 'ipc' | 'signal';
  /** Why it could not be told. */
  error?: string;
}

/** Everything about one relief round. Plain data; `formatReport()` writes it as one line of JSON. */
export interface ReliefReport {
  schemaVersion: 1;
  reportId: string;
  hostname: string;
  /** Name of the supervisor's pool. */
  pool: string;
  /** When the breach was noticed, by the wall clock. */
  atIso: string;
  /** Whose limit was relieved: the pool's, or that of the group or worker `id`. */
  limit: { level: LimitLevel; id?: string };
  breach: Breach;
  /** Whether nobody was signalled, on purpose. */
  dryRun: boolean;
  outcome: ReliefOutcome;
  /** How the limit stood at the first look, and at the last. */
  before: PoolState;
  after: PoolState;
  /** All workers that were weighed, each as the policy saw it for the first time. */
  candidates: Candidate[];
  /** The order of the first decision, each place with its reason. A candidate that is not in it is protected. */
  ranking: Ranked[];
  /** Name of the policy, and why it was not used if it failed. */
  policy: string;
  policyError?: string;
  reclaimed: Reclaimed[];
  warned: Warned[];
  decisions: Decision[];
  victims: Victim[];
  timeline: TimelineEntry[];
}

export interface SupervisorEvents {
  /** Every breach of a limit of the pool, a group or a worker, short or not; `cgroup` tells which. */
  breach: [Breach];
  /** Before the signal; of one that the native thread has killed, as soon as JavaScript hears of it. */
  victim: [Victim];
  /** A relief round is over. */
  relief: [ReliefReport];
  exit: [WorkerExit];
  /** Whether new work is welcome has changed: `supervisor.accepting`. */
  accepting: [boolean];
  /** Something does not work as it should; the supervisor goes on. */
  degraded: [SpillwayError];
}

/** What the workers have declared, with the option `bounds`. */
export interface BoundsStatus extends BoundFigures {
  mode: MemoryMode;
  /** The pool's mark, and where it comes from. */
  limitBytes: number;
  source: string;
  /** What of it may be declared: the limit, less `slopFactor`. */
  availableBytes: number;
  /** Workers that use more than they have declared. */
  over: { id: string; boundBytes: number; overBytes: number }[];
}

export interface SupervisorStatus {
  name: string;
  /** The pool's directory; `undefined` without cgroups. */
  cgroup: string | undefined;
  guarantee: Guarantee;
  /** Of the pool's limit; `undefined` where nothing is watched. */
  monitor: MonitorState | undefined;
  pool: PoolState | undefined;
  /**
   * The monitors that are heard now, and those that should be: of the pool, and of each group and worker with
   * a mark of its own. While the one of the kernel's events fails, one that measures takes its place.
   */
  watches: WatchHealth[];
  /** Whether new work is welcome. */
  accepting: boolean;
  workers: (Candidate & { dying: boolean })[];
  /** `undefined` with `bounds: { mode: 'disabled' }`. */
  bounds: BoundsStatus | undefined;
  counts: {
    /** Breaches heard: short ones, and those that were only churn. */
    shortBreaches: number;
    churnBreaches: number;
    /** Breaches of the pool's pressure while it was not short. */
    stallBreaches: number;
    reliefRounds: number;
    /** Workers killed by Spillway to relieve the pool. */
    kills: number;
    /** Processes that the kernel's OOM killer killed in the pool; without cgroups in the supervisor's own cgroup, or on the machine. */
    kernelOomKills: number | undefined;
  };
}
