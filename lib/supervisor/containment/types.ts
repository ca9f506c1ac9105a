import type { SpawnOptions } from 'node:child_process';
import type { SpillwayError } from '../../errors';
import type { MonitorSet } from '../../monitor/monitor-set';
import type { MemoryCounters, MemoryLimits, MemoryMonitor, MemoryUsage } from '../../monitor/types';
import type { MainProcess } from '../main-process';
import type { Takeover } from '../takeover/takeover';
import type { PoolState, WorkerCpu } from '../types';
import type { WorkerFacts } from '../worker-options';

/** Whose limit it is that is watched, or that was hit. */
export type LimitLevel = 'worker' | 'group' | 'pool';

export interface GroupLimits {
  highBytes?: number;
  maxBytes?: number;
}

export interface Program {
  file: string;
  args: readonly string[];
  options: SpawnOptions;
}

/** What one worker's processes are held in. */
export interface Enclosure {
  /** Starts a program in it. On failure no process is left. */
  launch(program: Program): Promise<MainProcess>;
  /** The command that another library has to start, for the process to be in it from its first instruction. */
  wrap(file: string, args: readonly string[]): { file: string; args: string[] };
  /** Takes in a process that runs already, with its descendants. Returns those that could not be taken. */
  take(main: MainProcess): number[];
  /** What its processes use now; `undefined` when there are none, or nobody can tell. */
  sample(): { usage: MemoryUsage } | undefined;
  /** How much processor time they have taken; `undefined` as above. */
  cpu(): WorkerCpu | undefined;
  /**
   * The main process is about to be asked to end. Only where forks are found by looking: afterwards nothing
   * leads from it to its children any more.
   */
  beforeAsking?(): void;
  /** Sends SIGKILL to the main process, then to all that is in it, forks included. Returns at once. */
  kill(): void;
  /** Names it to the native thread, which kills when JavaScript does not answer; `undefined` where it kills nobody. */
  readonly victim?: number | undefined;
  /** The watch of the limit that the native thread has killed it for; `undefined` when it has not. */
  readonly takenBy?: number | undefined;
  /** Keeps what is known of the worker with it, for the supervisor that comes after a crash. */
  record(facts: WorkerFacts, pid: number): void;
  /**
   * The main process has ended: ends what is left of the others, reads the last figures, and removes it.
   * `unexplained`: it died of a SIGKILL that Spillway did not send. Never rejects.
   */
  settle(unexplained: boolean): Promise<LastFigures>;
  /** Gives it up when nothing was ever in it, or nothing is any more. May be called twice. */
  remove(): void;
}

export interface LastFigures {
  counters?: MemoryCounters;
  peakBytes?: number;
  /** Processes that outlived the main one, and were ended. `undefined`: nobody can tell. */
  leftovers: number | undefined;
  /** The limit on whose account the kernel's OOM killer came; `undefined` when it did not, or nobody can tell. */
  kernelKilledFor: LimitLevel | 'host' | undefined;
}

/** Tells how much memory stands against a limit. */
export interface Gauge {
  /** `undefined` when nobody can tell. With `wasShort` a shortage ends only at the clear level. */
  measure(wasShort: boolean): PoolState | undefined;
  /** The same for figures that were read before. */
  judge(usage: MemoryUsage, limits: MemoryLimits, wasShort: boolean): PoolState | undefined;
}

/** A limit that is watched: who tells of it, and who may be killed for it. */
export interface LimitScope {
  level: LimitLevel;
  /** Of the group or the worker. */
  id?: string;
  monitor: MemoryMonitor & Pick<MonitorSet, 'health'>;
  gauge: Gauge;
  /** How the native thread relieves it when JavaScript does not answer; `undefined` where it cannot. */
  takeover?: Takeover;
}

/** How workers are held and heard on this host. */
export interface Containment {
  /** The pool's directory, where there is one. */
  readonly cgroup: string | undefined;
  /** What it is to begin with; `undefined` where nothing is watched. */
  readonly pool: LimitScope | undefined;
  /** What a dead owner has left and this one has adopted: the facts and the process of each worker. */
  readonly adopted: readonly Adopted[];
  /** Makes what the worker's processes are held in. Synchronous; on failure nothing is left. */
  enclose(facts: WorkerFacts): Enclosure;
  /** Sets a group's limits; the scope is `undefined` where it has none or they cannot be watched. */
  setGroup(id: string, limits: GroupLimits): Promise<LimitScope | undefined>;
  /** The scope of a worker's own mark, if it has one. */
  scopeOf(facts: WorkerFacts, enclosure: Enclosure): LimitScope | undefined;
  /** Processes that the kernel's OOM killer killed here so far. */
  kernelOomKills(): number | undefined;
  /** Undoes it all; no worker is left. May be called twice. */
  remove(): void;
  /** Undoes as much as can be without a kill, because no supervisor has come of it: workers that were adopted live on. */
  letGo(): void;
  /** Kills all workers and undoes as much as can be, synchronously, because the process exits. */
  removeNow(): void;
}

export interface Adopted {
  facts: WorkerFacts;
  main: MainProcess;
  enclosure: Enclosure;
}

export type OnDegraded = (error: SpillwayError) => void;
