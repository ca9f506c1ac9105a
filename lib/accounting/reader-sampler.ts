import { SpillwayError } from '../errors';
import { invalidOption } from '../options';
import { textOf } from '../text-of';
import type { LimiterSettings } from './limiter-options';
import type { UsageBoard } from './usage-board';
import type { UsageSampler } from './usage-sampler';

/** Samples by a function of the user's, on a timer of this thread and, while that is kept from running, when it is asked. */
export class ReaderSampler implements UsageSampler {
  failure: Error | undefined;
  readonly #timer: NodeJS.Timeout;
  #triedNs = 0n;
  #stopped = false;

  /** Publishes a first sample. @throws ERR_SPILLWAY_INVALID_OPTION when that fails */
  constructor(
    private readonly board: UsageBoard,
    private readonly read: () => number,
    private readonly settings: Pick<LimiterSettings, 'limitBytes' | 'curve' | 'intervalMs' | 'keepAlive'>,
  ) {
    this.#sample(process.hrtime.bigint());
    if (this.failure !== undefined) throw this.failure;
    this.#timer = setInterval(() => {
      this.#sample(process.hrtime.bigint());
    }, settings.intervalMs);
    if (!settings.keepAlive) this.#timer.unref();
  }

  refresh(): void {
    if (this.#stopped) return;
    const nowNs = process.hrtime.bigint();
    // Also keeps a reader that asks the limiter itself from calling itself for ever.
    if (nowNs - this.#triedNs >= BigInt(this.settings.intervalMs) * 1_000_000n) this.#sample(nowNs);
  }

  stop(): void {
    this.#stopped = true;
    clearInterval(this.#timer);
  }

  #sample(nowNs: bigint): void {
    this.#triedNs = nowNs;
    try {
      const used = bytesOf(this.read());
      // It may have stopped the limiter.
      if (this.#stopped) return;
      const { limitBytes = Infinity, curve } = this.settings;
      this.board.publish(used, used > curve.slowAtFraction * limitBytes, nowNs);
      this.failure = undefined;
    } catch (error) {
      this.failure = error instanceof SpillwayError ? error : new SpillwayError(
        'ERR_SPILLWAY_INVALID_OPTION',
        `Expected option 'read' to be a function that returns a number of bytes, but it threw: ${textOf(error)}`,
        { cause: error },
      );
    }
  }
}

/** More than JavaScript counts is as good as that. */
function bytesOf(value: unknown): number {
  if (typeof value !== 'number' || !(value >= 0)) throw invalidOption('read', value, 'a function that returns a number of bytes, from 0');
  return Math.min(Math.floor(value), Number.MAX_SAFE_INTEGER);
}
