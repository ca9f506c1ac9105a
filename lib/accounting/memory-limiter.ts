import { formatDuration } from '../policy/format-duration';
import { onTimeLine } from '../time-line';
import { Delays } from './delays';
import { limiterDelayMs } from './limiter-delay';
import { type LimiterSettings, type MemoryLimiterOptions, parseLimiterOptions } from './limiter-options';
import { NativeSampler } from './native-sampler';
import { ReaderSampler } from './reader-sampler';
import { UsageBoard } from './usage-board';
import type { UsageSampler } from './usage-sampler';

export type { MemoryLimiterOptions } from './limiter-options';

/** How a limiter does. */
export interface LimiterStatus {
  /** `'blind'`: there has been no sample for four intervals, and a second at least. */
  state: 'ok' | 'blind' | 'stopped';
  /** What a call would wait now, in milliseconds with a fraction. */
  delayMs: number;
  /** `Infinity`: a cgroup without a mark. */
  limitBytes: number;
  /** Of the last sample. Of a cgroup below `slowAtFraction`: all that is charged to it, an upper bound. */
  usedBytes: number;
  /** When that was: milliseconds of `performance.now()`. */
  sampledAtMs: number;
  /** Why the last attempt at a sample failed, when it did. */
  failure?: Error;
}

/** So often may be called between two looks at the clock, which costs five times as much as all the rest. */
const mostCallsUnchecked = 64;

/**
 * Slows intake as memory runs short, before anything must die: whoever takes in work waits before each piece.
 *
 *     for await (const job of queue) {
 *       await limiter.waitForCapacity();
 *       ...
 *     }
 *
 * A call waits once, and is then let through whatever is used by then: memory is often freed only by doing work, and
 * a gate that closes would stay closed. How long, says the formula of Saluki's limiter: nothing up to `slowAtFraction`
 * of the limit, and from there to the limit on a straight line from `minDelayMs` to `maxDelayMs`.
 *
 * What is used is the resident set of this process (/proc/self/statm), all its threads together; or of a cgroup what
 * cannot be reclaimed: its page cache alone slows nobody. It is sampled in a native thread, however busy JavaScript
 * is, and published in shared memory. A Supervisor has one of its pool: `waitForRoom()` stands on it.
 *
 * **Blind.** When there has been no sample for four intervals, and a second at least (`/proc` or the cgroup is gone,
 * `read` throws, the thread does not run), each call waits `maxDelayMs`, as at the limit: what is not known is taken
 * for the worst, and intake goes on nevertheless. Who calls often learns of it within 64 calls. It is told once by
 * `process.emitWarning` (a `SpillwayWarning` with the code `SPILLWAY_LIMITER_BLIND`), and is over with the next sample.
 * A cgroup that was removed is not sampled again: make a new limiter.
 *
 * Uses one file descriptor, of a cgroup six, and three for the first of these and of the monitors of an environment.
 */
export class MemoryLimiter {
  readonly #settings: LimiterSettings;
  readonly #board = new UsageBoard();
  readonly #words = this.#board.words;
  readonly #sampler: UsageSampler;
  readonly #delays = new Delays();
  readonly #staleMs: number;
  /** Calls until the next look at the clock. */
  #unchecked = 1;
  #stride = 1;
  #lookedMs = -Infinity;
  #blind = false;
  #stopped = false;

  /**
   * Takes the first sample.
   *
   * @throws ERR_SPILLWAY_INVALID_OPTION (also when the first `read` fails, or the cgroup is the root). Without `read`:
   * ERR_SPILLWAY_UNSUPPORTED, ERR_SPILLWAY_CGROUP_NOT_FOUND, _NOT_CGROUP2 (nor v1), _CONTROLLER_DISABLED, _PERMISSION,
   * _FILE_INVALID, _SYSTEM_LIMIT or _SYSTEM
   */
  constructor(options: MemoryLimiterOptions) {
    const settings = parseLimiterOptions(options);
    this.#settings = settings;
    this.#staleMs = Math.max(1000, 4 * settings.intervalMs);
    this.#sampler = settings.read === undefined ? new NativeSampler(this.#board, settings) : new ReaderSampler(this.#board, settings.read, settings);
  }

  /**
   * To be called before work is taken in. `undefined` while there is room, and after `stop()`; else a promise that
   * resolves after the delay, or when the limiter is stopped. It never rejects.
   */
  waitForCapacity(): Promise<void> | undefined {
    if (Atomics.load(this.#words, 0) === 0 && --this.#unchecked > 0) return undefined;
    return this.#look();
  }

  status(): LimiterStatus {
    const { sampledMs, usedBytes } = this.#board;
    const isStale = this.#isStale(monotonicMs() - sampledMs);
    const { failure } = this.#sampler;
    return {
      state: this.#stopped ? 'stopped' : isStale ? 'blind' : 'ok',
      delayMs: this.#stopped ? 0 : this.#delayMs(isStale, usedBytes),
      limitBytes: this.#limitBytes,
      usedBytes,
      sampledAtMs: onTimeLine(sampledMs),
      ...(failure !== undefined && { failure }),
    };
  }

  /** Ends the sampling; all who wait go on at once. May be called twice, and while calls wait. */
  stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#sampler.stop();
    this.#delays.endAll();
  }

  [Symbol.dispose](): void {
    this.stop();
  }

  /** By the clock and all figures. */
  #look(): Promise<void> | undefined {
    const { intervalMs } = this.#settings;
    const nowMs = monotonicMs();
    let ageMs = nowMs - this.#board.sampledMs;
    if (ageMs > intervalMs) {
      this.#sampler.refresh();
      ageMs = nowMs - this.#board.sampledMs;
    }
    // By now, or by `read` just now.
    if (this.#stopped) return undefined;
    const isStale = this.#isStale(ageMs);
    if (isStale && !this.#blind) this.#warn(ageMs);
    this.#blind = isStale;
    // Who calls seldom looks each time, who calls often not much oftener than that.
    this.#stride = !isStale && nowMs - this.#lookedMs < intervalMs / 2 ? Math.min(2 * this.#stride, mostCallsUnchecked) : 1;
    this.#unchecked = this.#stride;
    this.#lookedMs = nowMs;
    const delayMs = this.#delayMs(isStale, this.#board.usedBytes);
    return delayMs === 0 ? undefined : this.#delays.wait(delayMs);
  }

  #isStale(ageMs: number): boolean {
    return ageMs > this.#staleMs;
  }

  get #limitBytes(): number {
    return this.#settings.limitBytes ?? this.#board.limitBytes;
  }

  #delayMs(isStale: boolean, usedBytes: number): number {
    const { curve } = this.#settings;
    return isStale ? curve.maxDelayMs : limiterDelayMs(usedBytes, this.#limitBytes, curve);
  }

  #warn(ageMs: number): void {
    const { failure } = this.#sampler;
    const why = failure === undefined ? '' : ` (${failure.message})`;
    process.emitWarning(
      `The memory limiter has had no sample for ${formatDuration(ageMs)}${why}. Until there is one, each waitForCapacity() takes ${this.#settings.curve.maxDelayMs} ms.`,
      { type: 'SpillwayWarning', code: 'SPILLWAY_LIMITER_BLIND' },
    );
  }
}

/** Of CLOCK_MONOTONIC, as samples have it. */
function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
