import { EventEmitter } from 'node:events';
import { cgroupError } from '../cgroup/cgroup-error';
import { memoryPlace, type MemoryPlace } from '../cgroup/memory-place';
import { emitSafely } from '../emit-safely';
import { SpillwayError } from '../errors';
import { isFailure, native, type NativeFailure, type NativeThresholdReport } from '../native';
import { invalidOption } from '../options';
import { onTimeLine } from '../time-line';
import { hostMemoryError } from './host-memory-error';
import { parseThresholdOptions, type ThresholdMemoryMonitorOptions, type ThresholdSettings } from './threshold-options';
import { thresholdReason } from './threshold-reason';
import type { MemoryMonitor, MonitorEvents, MonitorState, ThresholdBasis, ThresholdBreach } from './types';

export type { ThresholdMemoryMonitorOptions } from './threshold-options';

type Events = MonitorEvents<ThresholdBreach>;

const host: MemoryPlace = { kind: 'host' };

/**
 * Samples memory in a native thread, from open files, and tells when more than a threshold is used:
 *
 *     thresholdBytes = max(totalBytes * fraction, totalBytes - minFreeBytes)
 *
 * Where no kernel event tells of it: cgroup v1, an ancestor's limit, a share of a limit, the whole host.
 *
 * A cgroup's own usage is held against its own limit, the lower of `memory.high` and `memory.max`
 * (v1: `memory.limit_in_bytes`); without one against the machine's memory, but what the host uses is
 * never blamed on a cgroup. Each cgroup above it that can be seen and has a limit is held against that
 * limit in the same way, for whichever is full first is in the way. A breach tells of the one that is
 * furthest over its threshold.
 *
 * A breach is told when a threshold is crossed, and `'clear'` once when no more than the threshold less
 * `killBufferBytes` is used; in between and below JavaScript is not woken. Limits are read anew before
 * each verdict, and otherwise about once a second: a limit that was lowered shows within 2 s, or two
 * samples where those are further apart.
 * Where 64 or more samples are due at once, those are left out, up to that second, of cgroups that cannot have crossed theirs:
 * the whole machine has given out less memory than half of what they have left.
 * The machine's memory is read every 30 s. A sample that cannot be read decides nothing, and is told as
 * `'degraded'`.
 *
 * Uses up to seven file descriptors, for each cgroup above three and with a limit six, and three for the first monitor of an
 * environment.
 */
export class ThresholdMemoryMonitor extends EventEmitter<Events> implements MemoryMonitor {
  /** Absolute path of the watched cgroup; `'the host'` without one. */
  readonly cgroup: string;
  readonly #settings: ThresholdSettings;
  #watch: number | undefined;
  #place: MemoryPlace = host;
  #basis: ThresholdBasis = 'host';
  #ended = false;
  #over = false;
  #failure: NativeFailure | undefined;
  #sequence = 0;

  /** @throws ERR_SPILLWAY_INVALID_OPTION */
  constructor(options: ThresholdMemoryMonitorOptions = {}) {
    super();
    this.#settings = parseThresholdOptions(options);
    this.cgroup = this.#settings.cgroup ?? 'the host';
  }

  get running(): boolean {
    return this.#watch !== undefined;
  }

  get state(): MonitorState {
    if (!this.running) return 'stopped';
    if (this.#failure !== undefined) return 'degraded';
    return this.#over ? 'breached' : 'ok';
  }

  /**
   * Opens and reads everything once. What is over its threshold already is told at once.
   *
   * @throws ERR_SPILLWAY_ALREADY_STARTED, ERR_SPILLWAY_STOPPED (a stopped monitor is not started
   * again: make a new one), ERR_SPILLWAY_UNSUPPORTED, ERR_SPILLWAY_INVALID_OPTION (the cgroup is the
   * root, which is the host, and `basis` is another), ERR_SPILLWAY_CGROUP_NOT_FOUND, _NOT_CGROUP2 (nor
   * v1), _CONTROLLER_DISABLED, _PERMISSION, _FILE_INVALID, _SYSTEM_LIMIT or _SYSTEM. After a failed
   * start it may be tried again.
   */
  start(): this {
    if (this.#ended) throw new SpillwayError('ERR_SPILLWAY_STOPPED', `The threshold monitor of ${this.cgroup} was stopped; make a new one`);
    if (this.running) throw new SpillwayError('ERR_SPILLWAY_ALREADY_STARTED', `The threshold monitor of ${this.cgroup} is already running`);
    const binding = native();
    const { cgroup, basis, ...settings } = this.#settings;
    // Of a cgroup with the basis 'host' only the name is of use.
    this.#place = cgroup === undefined || basis === 'host' ? host : memoryPlace(cgroup);
    if (this.#place.kind === 'host' && basis !== undefined && basis !== 'host') {
      throw invalidOption('basis', basis, `'host' for ${this.cgroup}, as it is the root and has no figures of its own`);
    }
    this.#basis = basis ?? (this.#place.kind === 'host' ? 'host' : 'pinned');
    const id = binding.watchThreshold({ ...settings, place: this.#place, basis: this.#basis }, (report) => {
      this.#onReport(report);
    });
    if (isFailure(id)) throw this.#errorOf(id, 'watch');
    this.#watch = id;
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

  #onReport(report: NativeThresholdReport): void {
    const wasOver = this.#over;
    const failedBefore = this.#failure;
    this.#over = report.over;
    this.#failure = report.failure;

    const { failure, removed } = report;
    if (failure !== undefined && failure.errno !== failedBefore?.errno) this.#tell('degraded', this.#errorOf(failure, 'go on watching'));
    // While JavaScript was busy a breach may have ended, and another one begun and ended.
    if (wasOver && (report.crossed || (!report.over && !removed))) this.#tell('clear');
    if (report.breach) this.#tell('breach', this.#breachOf(report));
    if (report.crossed && !report.over && !removed) this.#tell('clear');
    if (!removed || !this.running) return;
    this.stop();
    emitSafely<Events, 'removed'>(this, 'removed', { cgroup: this.cgroup, usage: report.usage, exact: false });
  }

  /** A listener before it may have stopped the monitor; one that throws must not keep the next event back. */
  #tell<Name extends keyof Events>(name: Name, ...args: Events[Name]): void {
    if (this.running) emitSafely<Events, Name>(this, name, ...args);
  }

  #errorOf(failure: NativeFailure, doing: string): SpillwayError {
    const { level = 0, file } = failure;
    return file === 'meminfo' ? hostMemoryError(failure, doing) : cgroupError(this.#directoryOf(level), failure, doing);
  }

  /** 0 is the watched cgroup. */
  #directoryOf(level: number): string {
    const above = this.#place.kind === 'host' ? undefined : this.#place.ancestors[level - 1];
    return above ?? this.cgroup;
  }

  #breachOf(report: NativeThresholdReport): ThresholdBreach {
    const { totalBytes, usedBytes, thresholdBytes, usage, limits, pinnedBytes, short } = report;
    const level = this.#place.kind === 'host' ? 'the host' : this.#directoryOf(report.level);
    return {
      source: 'threshold',
      basis: this.#basis,
      usedBytes,
      thresholdBytes,
      totalBytes,
      level,
      cgroup: this.cgroup,
      reason: thresholdReason(this.cgroup, level, this.#basis, report),
      sequence: ++this.#sequence,
      detectedAtMs: onTimeLine(report.noticedMs),
      usage: pinnedBytes === undefined ? usage : { ...usage, pinnedBytes },
      limits,
      short,
    };
  }
}
