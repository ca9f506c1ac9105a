import { readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { resolve } from 'node:path';
import { isMainThread } from 'node:worker_threads';
import type { Leftovers } from '../cgroup/leftovers';
import { parsePoolName } from '../cgroup/pool-name';
import { SpillwayError } from '../errors';
import { checkKeys, invalidOption, parseBoolean, parseBytes, parseNumber, parseOneOf, parsePath, type Bytes } from '../options';
import { byStartTime } from '../policy/by-start-time';
import { isPolicy } from '../policy/is-policy';
import type { KillPolicy } from '../policy/types';
import { parseBoundsOptions, type BoundsOptions, type BoundsSettings } from './bounds-options';
import { systemClock, type Clock } from '../clock';
import { parseRoomOptions, type ParsedRoom, type RoomLevels } from './room/room-options';
import { parseLogger, type Logger } from './logger';
import { parseMonitorsOptions, type MonitorsOptions, type MonitorsSettings } from './monitors-options';
import { parseReportsOptions, type ReportsOptions, type ReportsSettings } from './reports/reports-options';
import { guaranteeLevels, type GuaranteeLevel } from './guarantee';

export interface SupervisorOptions {
  /** Names the pool: one directory below `cgroup`. 1 to 64 letters, digits, `_` or `-`. One live supervisor per name. */
  name: string;
  /**
   * The cgroup that the pool is made in: a directory of the cgroup v2 tree that this user may write.
   * Default `'auto'`: the supervisor's own, out of which it moves into `supervisor/`.
   */
  cgroup?: string;
  limits?: {
    /** The mark (`memory.high`). Default: the memory that is there, less 10 %, at least 500 MiB, at most 10 GiB or a quarter. */
    highBytes?: Bytes;
    /** Where the kernel kills (`memory.max`). Default `'max'`: the supervisor acts alone. */
    maxBytes?: Bytes;
    /** `memory.swap.max`. Default 0. */
    swapMaxBytes?: Bytes;
  };
  /**
   * The least that the host must give; otherwise `create()` rejects with the reason. Default `'none'`:
   * the supervisor works with what there is, warns once, and `guarantee` says why.
   */
  require?: GuaranteeLevel;
  /** What to do about workers that a dead supervisor of this name has left. Default `'kill'`; with `'adopt'` they are in `adopted`. */
  leftovers?: Leftovers;
  /** Whether `cgroup: 'auto'` may move other processes of its cgroup into `supervisor/`, too; `preflight()` lists them. Default false. */
  moveOthers?: boolean;
  /** Whether to use a cgroup that systemd manages and has not delegated. Default false. */
  force?: boolean;
  /** Who dies first. Default `byStartTime()`. */
  policy?: KillPolicy;
  /** A shortage begins at the mark less half of this, and relief goes on to the mark less all of it. Default 5 % of the mark. */
  killBufferBytes?: Bytes;
  /** How long a victim may take to die before the next one is chosen. Default 2000, from 1 to 600,000. */
  victimTimeoutMs?: number;
  /**
   * How long JavaScript may leave a shortage unanswered before the native thread kills by the plan that
   * the policy made ahead; it answers by beginning a relief round, and goes on answering while its event
   * loop turns. Only at guarantee `'kernel'`, for the pool and for groups. Default 100, from 0 (at once,
   * without reclaimers and warnings) to 3,600,000, or `Infinity` (never).
   */
  takeoverMs?: number;
  /** Whether the native thread acts also while an inspector is open, where a breakpoint would look like blocked JavaScript. Default false. */
  takeoverUnderInspector?: boolean;
  /** How long reclaimers may take at the mark before workers are killed; all the time every worker of the pool stands still. Default 50, from 0 (they are not asked then) to 60,000. */
  reclaimBudgetMs?: number;
  /** Whether to decide and report only, and to signal nobody. Reclaimers and workers that asked for a warning are called all the same. Default false. */
  dryRun?: boolean;
  /** At which fractions of the mark idle memory is given back, work and spawns wait, and workers are warned. */
  levels?: Partial<RoomLevels>;
  /** How often the pool is measured for that, at least; at level 'kernel' a native thread does, nearer to a level more often. Default 250, from 10 to 1000. */
  roomMs?: number;
  /** How long a spawn is held up at most while the pool is full. Default 1000, from 0 (never) to 60,000. */
  maxSpawnDelayMs?: number;
  /** What is kept of relief reports: in memory, and in a file. */
  reports?: ReportsOptions;
  /** A pino logger, or anything of its shape. Default: nothing is logged. */
  logger?: Logger;
  /** The time that rounds and waits go by. Default the monotonic clock; for tests. */
  clock?: Clock;
  /** Whether what workers declare by their `memory` must fit into the pool. Default: nothing is added up. */
  bounds?: BoundsOptions;
  /** What else is heard of the pool. */
  monitors?: MonitorsOptions;
  /** See `EventMemoryMonitorOptions`. Default 1000, from 10 to 3,600,000. */
  safetyReadMs?: number;
  /** How often processes are measured at guarantee `'polling'`. Default 250, from 10 to 3,600,000. */
  pollMs?: number;
  /** How long workers may take to end by themselves after `close()` has sent them SIGTERM. Default 0: they are killed at once. */
  graceMs?: number;
  /**
   * Signals on which to `close()`, such as `['SIGTERM', 'SIGINT', 'SIGHUP']`; then the process ends as the
   * signal demands. A program with a handler of its own for it hears it too, and ending is its own matter
   * then. Default none: without, such a signal leaves the workers to the next start.
   */
  closeOn?: readonly NodeJS.Signals[];
}

export interface SupervisorSettings {
  name: string;
  /** `undefined`: the supervisor's own. */
  base: string | undefined;
  highBytes: number | undefined;
  maxBytes: number;
  swapMaxBytes: number;
  policy: KillPolicy;
  killBufferBytes: number | undefined;
  victimTimeoutMs: number;
  takeoverMs: number;
  takeoverUnderInspector: boolean;
  reclaimBudgetMs: number;
  dryRun: boolean;
  room: ParsedRoom;
  clock: Clock;
  reports: ReportsSettings;
  logger: Logger;
  monitors: MonitorsSettings;
  bounds: BoundsSettings;
  safetyReadMs: number;
  require: GuaranteeLevel;
  leftovers: Leftovers;
  moveOthers: boolean;
  force: boolean;
  pollMs: number;
  graceMs: number;
  closeOn: readonly NodeJS.Signals[];
  /** The default of workers. */
  oomScoreAdj: number;
}

const optionNames = [
  'name', 'cgroup', 'limits', 'require', 'leftovers', 'moveOthers', 'force', 'policy', 'killBufferBytes', 'victimTimeoutMs', 'takeoverMs',
  'takeoverUnderInspector', 'reclaimBudgetMs', 'dryRun', 'levels', 'roomMs', 'maxSpawnDelayMs', 'reports', 'logger', 'clock', 'safetyReadMs', 'pollMs',
  'graceMs', 'closeOn', 'monitors', 'bounds',
] as const;

/** The default `oom_score_adj` of a worker: the kernel, if it must kill after all, prefers it to the supervisor. */
const workerOomScoreAdj = 500;

/** @throws ERR_SPILLWAY_INVALID_OPTION */
export function parseSupervisorOptions(options: SupervisorOptions): SupervisorSettings {
  checkKeys('Supervisor', options, optionNames);
  const { cgroup = 'auto', limits = {}, policy = byStartTime(), killBufferBytes, victimTimeoutMs = 2000, safetyReadMs = 1000 } = options;
  const { takeoverMs = 100, takeoverUnderInspector = false, reclaimBudgetMs = 50, dryRun = false } = options;
  const { levels = {}, roomMs = 250, maxSpawnDelayMs = 1000, clock = systemClock } = options;
  const { require = 'none', leftovers = 'kill', moveOthers = false, force = false, pollMs = 250, graceMs = 0, closeOn = [] } = options;
  checkKeys("a supervisor's limits", limits, ['highBytes', 'maxBytes', 'swapMaxBytes']);
  const { highBytes, maxBytes = 'max', swapMaxBytes = 0 } = limits;
  const settings = {
    name: parsePoolName(options.name),
    base: cgroup === 'auto' ? undefined : resolve(parsePath('cgroup', cgroup)),
    highBytes: highBytes === undefined ? undefined : parseBytes('limits.highBytes', highBytes, { min: 1 }),
    maxBytes: parseBytes('limits.maxBytes', maxBytes, { min: 1, unlimited: true }),
    swapMaxBytes: parseBytes('limits.swapMaxBytes', swapMaxBytes, { unlimited: true }),
    policy: parsePolicy(policy),
    killBufferBytes: killBufferBytes === undefined ? undefined : parseBytes('killBufferBytes', killBufferBytes),
    victimTimeoutMs: parseNumber('victimTimeoutMs', victimTimeoutMs, { min: 1, max: 600_000 }),
    takeoverMs: takeoverMs === Infinity ? takeoverMs : parseNumber('takeoverMs', takeoverMs, { min: 0, max: 3_600_000 }),
    takeoverUnderInspector: parseBoolean('takeoverUnderInspector', takeoverUnderInspector),
    reclaimBudgetMs: parseNumber('reclaimBudgetMs', reclaimBudgetMs, { min: 0, max: 60_000 }),
    dryRun: parseBoolean('dryRun', dryRun),
    room: parseRoomOptions({ levels, intervalMs: roomMs, maxSpawnDelayMs }),
    clock: parseClock(clock),
    reports: parseReportsOptions(options.reports),
    logger: parseLogger(options.logger),
    monitors: parseMonitorsOptions(options.monitors),
    bounds: parseBoundsOptions(options.bounds),
    safetyReadMs: parseNumber('safetyReadMs', safetyReadMs, { min: 10, max: 3_600_000 }),
    require: parseOneOf('require', require, guaranteeLevels),
    leftovers: parseOneOf('leftovers', leftovers, ['kill', 'adopt']),
    moveOthers: parseBoolean('moveOthers', moveOthers),
    force: parseBoolean('force', force),
    pollMs: parseNumber('pollMs', pollMs, { min: 10, max: 3_600_000 }),
    graceMs: parseNumber('graceMs', graceMs, { min: 0, max: 3_600_000 }),
    closeOn: parseSignals(closeOn),
    oomScoreAdj: Math.max(workerOomScoreAdj, ownOomScoreAdj()),
  };
  checkOrder(settings);
  return settings;
}

function parseSignals(signals: unknown): readonly NodeJS.Signals[] {
  if (!Array.isArray(signals)) throw invalidOption('closeOn', signals, 'a list of signals');
  if (signals.length > 0 && !isMainThread) throw invalidOption('closeOn', signals, 'empty in a worker thread, which gets no signals');
  return Array.from(signals, (signal: unknown) => {
    const known = typeof signal === 'string' && signal in constants.signals && signal !== 'SIGKILL' && signal !== 'SIGSTOP';
    if (!known) throw invalidOption('closeOn', signal, "a signal that can be handled, such as 'SIGTERM'");
    return signal as NodeJS.Signals;
  });
}

function ownOomScoreAdj(): number {
  try {
    return Number(readFileSync('/proc/self/oom_score_adj', 'utf8'));
  } catch {
    return 0; // no Linux
  }
}

function parseClock(clock: unknown): Clock {
  const { now, wait } = (clock ?? {}) as Partial<Clock>;
  if (typeof now !== 'function' || typeof wait !== 'function') throw invalidOption('clock', clock, 'an object with the functions now and wait');
  return clock as Clock;
}

function parsePolicy(policy: unknown): KillPolicy {
  if (!isPolicy(policy)) throw invalidOption('policy', policy, 'an object with a name and a rank function');
  // The name is read once: a report must not fail over it.
  return { name: policy.name, rank: (candidates, need) => policy.rank(candidates, need) };
}

/**
 * Also to be asked when the default of `highBytes` is known: with a kill buffer as large as the mark the pool would be short for ever.
 *
 * @throws ERR_SPILLWAY_INVALID_OPTION
 */
export function checkOrder({ highBytes, maxBytes, killBufferBytes }: Pick<SupervisorSettings, 'highBytes' | 'maxBytes' | 'killBufferBytes'>): void {
  if (highBytes === undefined) return;
  if (highBytes >= maxBytes && maxBytes !== Infinity) {
    throw new SpillwayError(
      'ERR_SPILLWAY_INVALID_OPTION',
      `Expected limits.highBytes (${highBytes}) to be below limits.maxBytes (${maxBytes}): the kernel would kill before Spillway hears anything`,
    );
  }
  if (killBufferBytes !== undefined && killBufferBytes >= highBytes) {
    throw invalidOption('killBufferBytes', killBufferBytes, `less than limits.highBytes (${highBytes})`);
  }
}
