import { EventEmitter } from 'node:events';
import { join, resolve } from 'node:path';
import { emitSafely } from '../emit-safely';
import { SpillwayError } from '../errors';
import { isFailure, native, type NativeFailure, type NativePressureReport } from '../native';
import { checkKeys, invalidOption, parseBoolean, parseNumber, parseOneOf, parsePath } from '../options';
import { onTimeLine } from '../time-line';
import { accountingIsOff, notCgroup2, pressureError, type PressureFile } from './pressure-error';
import { pressureReason } from './pressure-reason';
import { systemdPressure } from './systemd-pressure';
import type { MemoryMonitor, MonitorEvents, MonitorState, PressureBreach } from './types';

export interface PressureMemoryMonitorOptions {
  /** Directory of a cgroup of the v2 hierarchy. Default: the whole host, by `/proc/pressure/memory`. */
  cgroup?: string;
  /**
   * `'full'`: all tasks that are not idle wait for memory at once, and no work is done. `'some'`: at
   * least one waits. Default `'full'`.
   */
  stall?: 'some' | 'full';
  /** So long a stall within `windowMs` is a breach, in milliseconds. Default 150, from 0.1 to `windowMs`. */
  stallMs?: number;
  /**
   * In milliseconds. Default 1000, from 50 to 10,000. Below 500 only Linux 6.5 and later take it, and
   * without CAP_SYS_RESOURCE only multiples of 2 s are taken (6.4). Where it is refused, the next
   * longer window that may do is set with the same share of stall: see `granted`.
   */
  windowMs?: number;
  /**
   * How often the totals are read although nothing was reported, in milliseconds: finds stalls that
   * the kernel is late to tell of, and removal.
   * Default 1000, from 10 to 3,600,000.
   */
  safetyReadMs?: number;
  /** Whether a running monitor keeps the process alive. Default false. */
  keepAlive?: boolean;
}

const optionNames = ['cgroup', 'stall', 'stallMs', 'windowMs', 'safetyReadMs', 'keepAlive'] as const;

const hostFile = '/proc/pressure/memory';

type Events = MonitorEvents<PressureBreach>;

/**
 * Hears that tasks wait for memory (PSI: Documentation/accounting/psi.rst), by a trigger of the kernel
 * in a native thread. Stalls tell of thrashing that no limit tells of, and confirm a shortage: reclaim
 * at `memory.high` and its throttling count as stall.
 *
 * A breach begins with an event of the kernel, believed when the watched total has grown by `stallMs`
 * since the breach before or `start()`, or when a safety read sees it grow by that within a window.
 * From there on windows are counted back to back: each in which the total grows by `stallMs` again is
 * a breach again, and after two in which it does not comes `'clear'`.
 *
 * With CAP_SYS_RESOURCE the kernel tells within a tenth of a window. Without it the kernel looks every
 * 2 s, later if anybody reads the file meanwhile, and may tell of old stalls anew (kernel/sched/psi.c:
 * psi_show(), window_update()); then a safety read may be first, and `safetyReadMs` is what makes it quick.
 *
 * Uses seven file descriptors (one for the host), and three for the first monitor of an environment.
 */
export class PressureMemoryMonitor extends EventEmitter<Events> implements MemoryMonitor {
  /** Absolute path of the watched cgroup; `'the host'` without one. */
  readonly cgroup: string;
  readonly #at: PressureFile;
  readonly #options: Omit<Parameters<ReturnType<typeof native>['watchPressure']>[0], 'file' | 'directory'>;
  #watch: number | undefined;
  #granted: { stallMs: number; windowMs: number } | undefined;
  #ended = false;
  #stalled = false;
  #failure: NativeFailure | undefined;
  #sequence = 0;

  /** @throws ERR_SPILLWAY_INVALID_OPTION */
  constructor(options: PressureMemoryMonitorOptions = {}) {
    super();
    checkKeys('PressureMemoryMonitor', options, optionNames);
    const { stall = 'full', safetyReadMs = 1000, keepAlive = false } = options;
    const cgroup = options.cgroup === undefined ? undefined : resolve(parsePath('cgroup', options.cgroup));
    this.cgroup = cgroup ?? 'the host';
    this.#at = { cgroup, file: cgroup === undefined ? hostFile : join(cgroup, 'memory.pressure') };
    this.#options = {
      stall: parseOneOf('stall', stall, ['some', 'full']),
      ...parseTrigger(options),
      safetyReadMs: parseNumber('safetyReadMs', safetyReadMs, { min: 10, max: 3_600_000 }),
      keepAlive: parseBoolean('keepAlive', keepAlive),
    };
  }

  /**
   * The monitor that systemd asks for by `$MEMORY_PRESSURE_WATCH` and `$MEMORY_PRESSURE_WRITE`
   * (`MemoryPressureWatch=` of the unit, https://systemd.io/PRESSURE/): of the service's own cgroup, mostly
   * with `some`, 200 ms in 2 s. `undefined` where it asks for none.
   *
   * @throws ERR_SPILLWAY_INVALID_OPTION, also for variables that cannot be understood
   */
  static fromEnvironment(
    options: Pick<PressureMemoryMonitorOptions, 'safetyReadMs' | 'keepAlive'> = {},
    env: NodeJS.ProcessEnv = process.env,
  ): PressureMemoryMonitor | undefined {
    checkKeys('PressureMemoryMonitor.fromEnvironment', options, ['safetyReadMs', 'keepAlive']);
    const asked = systemdPressure(env);
    return asked === undefined || asked === 'off' ? undefined : new PressureMemoryMonitor({ ...options, ...asked });
  }

  /**
   * The trigger that the kernel has taken, in milliseconds; `undefined` before `start()`. Longer than
   * was asked for where the kernel or missing rights made it so.
   */
  get granted(): { stallMs: number; windowMs: number } | undefined {
    return this.#granted === undefined ? undefined : { ...this.#granted };
  }

  get running(): boolean {
    return this.#watch !== undefined;
  }

  get state(): MonitorState {
    if (!this.running) return 'stopped';
    if (this.#failure !== undefined) return 'degraded';
    return this.#stalled ? 'breached' : 'ok';
  }

  /**
   * Sets the trigger; what stalled before is the baseline.
   *
   * @throws ERR_SPILLWAY_ALREADY_STARTED, ERR_SPILLWAY_STOPPED (a stopped monitor is not started
   * again: make a new one), ERR_SPILLWAY_UNSUPPORTED, ERR_SPILLWAY_PRESSURE_DISABLED (the kernel does
   * not measure it, or not of this cgroup), ERR_SPILLWAY_CGROUP_NOT_FOUND, _NOT_CGROUP2, _PERMISSION,
   * _FILE_INVALID, _SYSTEM_LIMIT or _SYSTEM. After a failed start it may be tried again.
   */
  start(): this {
    if (this.#ended) throw new SpillwayError('ERR_SPILLWAY_STOPPED', `The pressure monitor of ${this.cgroup} was stopped; make a new one`);
    if (this.running) throw new SpillwayError('ERR_SPILLWAY_ALREADY_STARTED', `The pressure monitor of ${this.cgroup} is already running`);
    const { cgroup, file } = this.#at;
    const binding = native();
    const wrong = cgroup === undefined ? undefined : notCgroup2(cgroup);
    if (wrong !== undefined) throw wrong;
    const started = binding.watchPressure({ file, directory: cgroup, ...this.#options }, (report) => {
      this.#onReport(report);
    });
    if (isFailure(started)) throw pressureError(this.#at, started, 'set a trigger on');
    this.#watch = started.id;
    this.#granted = { stallMs: started.stallMs, windowMs: started.windowMs };
    return this;
  }

  /** Ends the watch. No event comes after it returns. May be called twice, and in a listener. */
  stop(): void {
    this.#ended = true;
    if (this.#watch === undefined) return;
    native().unwatch(this.#watch);
    this.#watch = undefined;
  }

  [Symbol.dispose](): void {
    this.stop();
  }

  #onReport(report: NativePressureReport): void {
    // Breach and end may have come while JavaScript was busy.
    const cleared = (this.#stalled || report.breach) && !report.stalled && !report.removed;
    const failedBefore = this.#failure;
    this.#stalled = report.stalled;
    this.#failure = report.failure;

    const { failure, totals } = report;
    if (failure !== undefined && failure.errno !== failedBefore?.errno) {
      this.#tell('degraded', pressureError(this.#at, failure, 'go on watching'));
    }
    if (report.breach) this.#tell('breach', this.#breachOf(report));
    if (cleared) this.#tell('clear');
    if (!report.removed) return;
    const { cgroup } = this.#at;
    if (cgroup !== undefined && accountingIsOff(cgroup)) {
      this.#tell('degraded', pressureError(this.#at, { errno: 19, syscall: 'pread', file: 'memory.pressure' }, 'go on watching'));
    }
    if (!this.running) return;
    this.stop();
    emitSafely<Events, 'removed'>(this, 'removed', { cgroup: this.cgroup, totals, exact: false });
  }

  /** A listener before it may have stopped the monitor; one that throws must not keep the next event back. */
  #tell<Name extends keyof Events>(name: Name, ...args: Events[Name]): void {
    if (this.running) emitSafely<Events, Name>(this, name, ...args);
  }

  #breachOf(report: NativePressureReport): PressureBreach {
    const { usage, limits, totals, growth } = report;
    const { pinnedBytes, short } = report.shortness;
    const trigger = { stall: this.#options.stall, ...(this.#granted ?? this.#options) };
    return {
      source: 'pressure',
      stall: trigger.stall,
      stallMs: trigger.stallMs,
      windowMs: trigger.windowMs,
      cgroup: this.cgroup,
      reason: pressureReason(this.cgroup, trigger, report),
      sequence: ++this.#sequence,
      detectedAtMs: onTimeLine(report.noticedMs),
      usage: pinnedBytes === undefined ? usage : { ...usage, pinnedBytes },
      limits,
      short,
      totals,
      growth,
    };
  }
}

function parseTrigger({ stallMs = 150, windowMs = 1000 }: PressureMemoryMonitorOptions): { stallMs: number; windowMs: number } {
  parseNumber('windowMs', windowMs, { min: 50, max: 10_000 });
  if (typeof stallMs !== 'number' || !(stallMs >= 0.1 && stallMs <= windowMs)) {
    throw invalidOption('stallMs', stallMs, `a number from 0.1 to windowMs, which is ${windowMs}`);
  }
  return { stallMs, windowMs };
}
