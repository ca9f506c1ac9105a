import { EventEmitter } from 'node:events';
import { resolve } from 'node:path';
import { cgroupError } from '../cgroup/cgroup-error';
import { emitSafely } from '../emit-safely';
import { SpillwayError } from '../errors';
import { isFailure, native, type NativeFailure, type NativeMemoryReport } from '../native';
import { checkKeys, invalidOption, parseBoolean, parseBytes, parseNumber, parseOneOf, parsePath, type Bytes } from '../options';
import { onTimeLine } from '../time-line';
import { breachReason } from './breach-reason';
import { memoryEventKeys, type EventBreach, type MemoryEventKey, type MemoryMonitor, type MonitorEvents, type MonitorState } from './types';

export interface EventMemoryMonitorOptions {
  /** Directory of the cgroup. A folder with files of the same form serves for tests. */
  cgroup: string;
  /**
   * `'subtree'` reads `memory.events` (this cgroup and all below it), `'local'` reads
   * `memory.events.local` (this cgroup's own limit only). Default `'subtree'`.
   */
  scope?: 'subtree' | 'local';
  /** Keys whose growth is a breach. Default `['high']`. */
  keys?: readonly MemoryEventKey[];
  /**
   * How often the files are read although nothing was reported, in milliseconds: finds lowered
   * limits, merged notifications and removal, and paces breaches that are not short.
   * Where 64 or more of these reads are due at once, they are done in full at every sixteenth time only of cgroups
   * that cannot be short: the whole machine has given out less memory since the last one than half of what
   * they have left (`pgalloc_*` of /proc/vmstat).
   * Default 1000, from 10 to 3,600,000.
   */
  safetyReadMs?: number;
  /** A shortage begins at the mark less half of this and ends at the mark less all of it. Default 5 % of the mark. */
  killBufferBytes?: Bytes;
  /** Whether a running monitor keeps the process alive. Default false. */
  keepAlive?: boolean;
}

const optionNames = ['cgroup', 'scope', 'keys', 'safetyReadMs', 'killBufferBytes', 'keepAlive'] as const;

/**
 * Hears `memory.events` of one cgroup in a native thread: by a held descriptor and epoll on
 * cgroup v2, by inotify elsewhere. Counts from before `start()` raise nothing.
 *
 * A shortage is told at once and again at each safety read while it lasts. Growth without a
 * shortage (the page cache at its limit) is told at most once per safety read.
 *
 * Uses up to eight file descriptors, and five for the first monitor of an environment.
 */
export class EventMemoryMonitor extends EventEmitter<MonitorEvents<EventBreach>> implements MemoryMonitor {
  /** Absolute path of the watched cgroup. */
  readonly cgroup: string;
  /** Until it was started: there may be thousands, and none starts twice. */
  #options: Omit<Parameters<ReturnType<typeof native>['watchMemory']>[0], 'directory'> | undefined;
  #watch: number | undefined;
  #ended = false;
  #short = false;
  #failure: NativeFailure | undefined;
  #sequence = 0;

  /** @throws ERR_SPILLWAY_INVALID_OPTION */
  constructor(options: EventMemoryMonitorOptions) {
    super();
    checkKeys('EventMemoryMonitor', options, optionNames);
    const { scope = 'subtree', keys = ['high'], safetyReadMs = 1000, killBufferBytes, keepAlive = false } = options;
    this.cgroup = resolve(parsePath('cgroup', options.cgroup));
    this.#options = {
      local: parseOneOf('scope', scope, ['subtree', 'local']) === 'local',
      keys: parseKeys(keys),
      safetyReadMs: parseNumber('safetyReadMs', safetyReadMs, { min: 10, max: 3_600_000 }),
      killBufferBytes: killBufferBytes === undefined ? undefined : parseBytes('killBufferBytes', killBufferBytes),
      keepAlive: parseBoolean('keepAlive', keepAlive),
    };
  }

  /** @internal Names the watch to the native core. */
  get watch(): number | undefined {
    return this.#watch;
  }

  get running(): boolean {
    return this.#watch !== undefined;
  }

  get state(): MonitorState {
    if (!this.running) return 'stopped';
    if (this.#failure !== undefined) return 'degraded';
    return this.#short ? 'breached' : 'ok';
  }

  /**
   * Begins to watch; what happened before is the baseline.
   *
   * @throws ERR_SPILLWAY_ALREADY_STARTED, ERR_SPILLWAY_STOPPED (a stopped monitor is not started
   * again: make a new one), ERR_SPILLWAY_UNSUPPORTED, and for what is wrong with the cgroup
   * ERR_SPILLWAY_CGROUP_NOT_FOUND, _NOT_CGROUP2, _CONTROLLER_DISABLED, _PERMISSION, _FILE_INVALID,
   * _SYSTEM_LIMIT or _SYSTEM. After a failed start it may be tried again.
   */
  start(): this {
    if (this.#ended) throw new SpillwayError('ERR_SPILLWAY_STOPPED', `The monitor of ${this.cgroup} was stopped; make a new one`);
    const options = this.#options;
    if (options === undefined) throw new SpillwayError('ERR_SPILLWAY_ALREADY_STARTED', `The monitor of ${this.cgroup} is already running`);
    const watch = native().watchMemory({ directory: this.cgroup, ...options }, this.#onReport.bind(this));
    if (isFailure(watch)) throw cgroupError(this.cgroup, watch, 'watch');
    this.#watch = watch;
    this.#options = undefined;
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

  #onReport(report: NativeMemoryReport): void {
    const wasShort = this.#short;
    const failedBefore = this.#failure;
    this.#short = report.short;
    this.#failure = report.failure;

    const { failure } = report;
    if (report.newBaseline) this.#tell('degraded', countersReset(this.cgroup));
    if (failure !== undefined && failure.errno !== failedBefore?.errno) {
      this.#tell('degraded', cgroupError(this.cgroup, failure, 'go on watching'));
    }
    if (report.breach) this.#tell('breach', this.#breachOf(report));
    if (wasShort && !this.#short) this.#tell('clear');
    if (report.removed && this.running) {
      this.stop();
      emitSafely<MonitorEvents<EventBreach>, 'removed'>(this, 'removed', { cgroup: this.cgroup, counters: report.counters, exact: report.exact });
    }
  }

  /**
   * One event of a report. A listener before it may have stopped the monitor; then nothing more is
   * told. One that throws must not keep the next event back (that of the removal, and the monitor
   * would look alive for ever).
   */
  #tell<Name extends keyof MonitorEvents>(name: Name, ...args: MonitorEvents<EventBreach>[Name]): void {
    if (this.running) emitSafely<MonitorEvents<EventBreach>, Name>(this, name, ...args);
  }

  #breachOf(report: NativeMemoryReport): EventBreach {
    const { pinnedBytes } = report.shortness;
    return {
      source: 'event',
      cgroup: this.cgroup,
      reason: breachReason(this.cgroup, report),
      sequence: ++this.#sequence,
      detectedAtMs: onTimeLine(report.noticedMs),
      usage: pinnedBytes === undefined ? report.usage : { ...report.usage, pinnedBytes },
      limits: report.limits,
      // The native thread acts on a shortage only, and it may be over by the time this is heard.
      short: report.short || report.kills > 0,
      counters: report.counters,
      delta: report.delta,
      ...(report.kills > 0 && { takenOver: report.kills }),
    };
  }
}

function countersReset(cgroup: string): SpillwayError {
  return new SpillwayError('ERR_SPILLWAY_COUNTERS_RESET', `The counters of ${cgroup} went back or their file was replaced; counting goes on from there`);
}

function parseKeys(keys: unknown): readonly MemoryEventKey[] {
  if (!Array.isArray(keys) || keys.length === 0) {
    throw invalidOption('keys', keys, `a list of ${memoryEventKeys.join(', ')}`);
  }
  // Array.from also sees the holes of a sparse list, which map() steps over.
  return Array.from(keys, (key: unknown) => parseOneOf('keys', key, memoryEventKeys));
}
