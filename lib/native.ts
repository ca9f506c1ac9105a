import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { getSystemErrorName } from 'node:util';
import type { MemoryPlace } from './cgroup/memory-place';
import { SpillwayError } from './errors';
import type { MemoryCounters, MemoryEventKey, MemoryLimits, MemoryUsage, PressureTotals, ThresholdBasis } from './monitor/types';

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
  counters?: MemoryCounters;
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
  readMemory(directory: string): NativeMemorySample | NativeFailure;
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

export function isFailure(result: unknown): result is NativeFailure {
  return typeof result === 'object' && result !== null && 'errno' in result;
}

/** `ENOENT` and the like. */
export function errnoName(failure: NativeFailure): string {
  return failure.errno > 0 ? getSystemErrorName(-failure.errno) : 'bad content';
}

/** Whether the native parts work here, and if not, why and what to do. */
export type Support = { ok: true } | { ok: false; reason: string; fix: string };

type Loaded = { ok: true; binding: NativeBinding; launcher: string } | { ok: false; reason: string; fix: string; cause?: unknown };

const root = join(__dirname, '..');
let loaded: Loaded | undefined;

function load(): Loaded {
  if (process.platform !== 'linux') {
    return {
      ok: false,
      reason: `cgroup v2 is a part of Linux, and this is ${process.platform}`,
      fix: 'run on Linux; the pure parts (policies, formats) work here as they are',
    };
  }
  try {
    const lookup = createRequire(__filename)('node-gyp-build') as ((dir: string) => unknown) & { path(dir: string): string };
    const binding = lookup(root) as NativeBinding;
    const launcher = join(dirname(lookup.path(root)), 'spillway-launch');
    if (!existsSync(launcher)) throw new Error('the program spillway-launch is missing beside spillway.node');
    return { ok: true, binding, launcher };
  } catch (cause) {
    return {
      ok: false,
      reason: `no native binary for ${process.platform}-${process.arch} could be loaded: ${cause instanceof Error ? (cause.message.split('\n')[0] ?? '') : String(cause)}`,
      fix: "run 'npm rebuild spillway'; where npm blocks install scripts, first 'npm install-scripts approve spillway'",
      cause,
    };
  }
}

/** Says whether the native parts can be used here. Never throws, loads the binary at its first call. */
export function support(): Support {
  loaded ??= load();
  return loaded.ok ? { ok: true } : { ok: false, reason: loaded.reason, fix: loaded.fix };
}

/** Shorthand for `support().ok`. */
export function isSupported(): boolean {
  return support().ok;
}

function loadedOrThrow(): Extract<Loaded, { ok: true }> {
  loaded ??= load();
  if (loaded.ok) return loaded;
  throw new SpillwayError('ERR_SPILLWAY_UNSUPPORTED', `Spillway cannot work here: ${loaded.reason}; ${loaded.fix}`, { cause: loaded.cause });
}

/** @throws ERR_SPILLWAY_UNSUPPORTED */
export function native(): NativeBinding {
  return loadedOrThrow().binding;
}

/** The program that puts a worker into its cgroup. @throws ERR_SPILLWAY_UNSUPPORTED */
export function launcherPath(): string {
  return loadedOrThrow().launcher;
}
