import type { MemoryPlace } from './cgroup/memory-place';
import type { MemoryCounters, MemoryEventKey, MemoryLimits, MemoryUsage, ThresholdBasis } from './monitor/types';
import type { NativeFailure, NativeKill, NativeMemoryReport, NativeMemorySample, NativePlaceSample, NativePlan, NativePopulatedReport, NativePressureReport, NativeShortness, NativeThresholdReport, NativeVictimState } from './native-shapes';

/** The raw functions of native/addon/addon.cc. They trust their arguments. Never exported by the package. */
export interface NativeBinding {
  watchMemory(
    options: {
      directory: string;
      local: boolean;
      keys: readonly MemoryEventKey[];
      safetyReadMs: number;
      killBufferBytes: number | undefined;
      keepAlive: boolean;
    },
    callback: (report: NativeMemoryReport) => void,
  ): number | NativeFailure;
  /**
   * Sets a PSI trigger, with a longer window of the same share where the kernel refuses the wanted one.
   * What it has taken is in the result.
   */
  watchPressure(
    options: {
      file: string;
      /** The cgroup, for its figures. */
      directory: string | undefined;
      stall: 'some' | 'full';
      stallMs: number;
      windowMs: number;
      safetyReadMs: number;
      keepAlive: boolean;
    },
    callback: (report: NativePressureReport) => void,
  ): { id: number; stallMs: number; windowMs: number } | NativeFailure;
  /** Samples the place, and tells of what crosses its threshold. */
  watchThreshold(
    options: {
      place: MemoryPlace;
      basis: ThresholdBasis;
      fraction: number;
      minFreeBytes: number | undefined;
      killBufferBytes: number | undefined;
      includeSwap: boolean;
      intervalMs: number;
      growthBytesPerSecond: number;
      /** `undefined`: a breach that lasts is not told again. */
      repeatMs: number | undefined;
      keepAlive: boolean;
    },
    callback: (report: NativeThresholdReport) => void,
  ): number | NativeFailure;
  /**
   * Samples how many bytes are in use, of the place or else of this process, and writes them to `board`: a view of a
   * `UsageBoard`'s memory, which is kept until `unwatch`. Calls back with the failure when samples begin to fail, with
   * nothing when they go on.
   */
  watchUsage(
    options: {
      place: MemoryPlace | undefined;
      /** `undefined`: the place's own mark. */
      limitBytes: number | undefined;
      /** Of the limit: up to it there is room. */
      slowAtFraction: number;
      intervalMs: number;
      keepAlive: boolean;
      board: Int32Array;
    },
    callback: (failure?: NativeFailure) => void,
  ): number | NativeFailure;
  watchPopulated(
    options: { directory: string; safetyReadMs: number; keepAlive: boolean },
    callback: (report: NativePopulatedReport) => void,
  ): number | NativeFailure;
  /**
   * Tells once that a pidfd's process has ended, also if that was before, and then ends by itself.
   * Works on a duplicate of the pidfd. Called with a failure, it will never know of the end.
   */
  watchProcess(options: { pidfd: number; keepAlive: boolean }, callback: (failure?: NativeFailure) => void): number | NativeFailure;
  /** Unknown ids, and those of watches that have ended, are ignored. */
  unwatch(id: number): void;
  /** Has this environment's memory watches of the cgroup look at it out of turn. */
  lookNow(directory: string): void;
  /** A figure whose file is missing is absent. */
  readMemory(directory: string): NativeMemorySample | NativeFailure;
  /** The usage alone, in half the time. */
  readUsage(directory: string): MemoryUsage | NativeFailure;
  readCounters(directory: string): MemoryCounters | NativeFailure;
  /** Opens, reads and closes everything once. A figure that cannot be read is a failure, never absent. */
  readPlace(place: MemoryPlace): NativePlaceSample | NativeFailure;
  evaluateShortness(
    usage: MemoryUsage,
    limits: MemoryLimits,
    killBufferBytes: number | undefined,
    wasShort: boolean,
  ): NativeShortness;
  openPidfd(pid: number): number | NativeFailure;
  signalPidfd(pidfd: number, signal: number): undefined | NativeFailure;
  /**
   * Six numbers for each pid, in bytes: rss, anon, shmem, swap, pss, uss; NaN where the file does not tell, all of them
   * of a process that is gone or hidden. A failure (EMFILE and the like) says nothing about any process.
   */
  readProcessesMemory(pids: readonly number[], file: 'statm' | 'status' | 'smaps_rollup', procRoot: string): Float64Array | NativeFailure;
  lockFile(fd: number): undefined | NativeFailure;
  /** An extended attribute, decoded as UTF-8; `undefined` where it is not set or the file system has none. */
  readAttribute(path: string, name: string): string | undefined | NativeFailure;
  /** At most 64 KiB. */
  writeAttribute(path: string, name: string, value: string): undefined | NativeFailure;

  /**
   * Opens what is needed to kill the worker in this leaf later, when no descriptor may be left:
   * `cgroup.kill`, and `memory.stat` and `memory.swap.current` where they exist. The first one starts
   * two threads, which end with the last. Ids are never used again.
   */
  openVictim(directory: string): number | NativeFailure;
  /**
   * Keeps a duplicate of its main process's pidfd. Without it a plan passes over the victim.
   * Once: a second time is EALREADY. Unknown ids are ignored.
   */
  holdVictim(victim: number, pidfd: number): undefined | NativeFailure;
  /**
   * SIGKILL to the main process now; `cgroup.kill` and process_mrelease() follow in threads of their own.
   * Claims it for JavaScript if it is free. May be repeated. Unknown ids are ignored.
   */
  killVictim(victim: number): void;
  /** Unknown ids are free. */
  victimState(victim: number): NativeVictimState;
  /**
   * Also takes it out of all plans: to be called when its memory is given back. A kill that was begun is
   * finished; the last victim waits for that, a second at most. Unknown ids are ignored.
   */
  closeVictim(victim: number): void;

  /**
   * What the reactor's thread does itself when the memory watch is short and JavaScript lets `takeoverMs`
   * pass without a lease. Replaces the plan before it; a time that runs goes on. Unknown watches are
   * ignored, here and below.
   */
  armPlan(watch: number, plan: NativePlan): void;
  /** Kills that were logged stay to be taken. */
  disarmPlan(watch: number): void;
  /** JavaScript acts: while short, `takeoverMs` begins anew. Returns the epoch, the number of kills by plans of this watch so far. */
  leasePlan(watch: number): number;
  /** JavaScript's round is over: while still short, `takeoverMs` begins anew. */
  releasePlan(watch: number): void;
  /**
   * To be called before each `killVictim` of a relief round.
   * - `claimed`: it is JavaScript's to kill, and the lease is renewed.
   * - `taken`: somebody has claimed it before, or it is unknown.
   * - `changed`: the plan has killed since `epoch` was read; usage has to be read again, and a new lease taken.
   *
   * For an unknown watch the epoch does not matter.
   */
  claimVictim(watch: number, victim: number, epoch: number): 'claimed' | 'taken' | 'changed';
  /** All kills since the last call, oldest first. To be called before `unwatch`, which forgets them. */
  takeKills(watch: number): NativeKill[];
}
