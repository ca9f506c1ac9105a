/** The fields, by their place in the view that they are read by. */
const isSlow = 0; // of 32 bits
const usedBytes = 1; // of 64 bits, as the next
const sampledNs = 2;
const limitBytes = 3;

/**
 * The last sample of how much memory is in use, in shared memory: one thread publishes it, and any reads it without
 * waiting. Native threads publish by native/core/usage_board.h, which has the same layout.
 */
export class UsageBoard {
  /** At its start there is 0 while there is room: what is asked most often is one load of 32 bits. */
  readonly words: Int32Array;
  readonly #figures: BigInt64Array;

  constructor() {
    const memory = new SharedArrayBuffer(32);
    this.words = new Int32Array(memory);
    this.#figures = new BigInt64Array(memory);
  }

  /** 0 until something is published. */
  get usedBytes(): number {
    return Number(Atomics.load(this.#figures, usedBytes));
  }

  /** When that was measured: milliseconds of CLOCK_MONOTONIC, see `onTimeLine`. */
  get sampledMs(): number {
    return Number(Atomics.load(this.#figures, sampledNs)) / 1e6;
  }

  /** What a native thread held it against; `Infinity`: there is no limit. */
  get limitBytes(): number {
    const bytes = Number(Atomics.load(this.#figures, limitBytes));
    return bytes < Number.MAX_SAFE_INTEGER ? bytes : Infinity;
  }

  /** @param used whole bytes @param ns of `process.hrtime.bigint()` */
  publish(used: number, slow: boolean, ns: bigint): void {
    Atomics.store(this.#figures, usedBytes, BigInt(used));
    Atomics.store(this.#figures, sampledNs, ns);
    // Last: whoever sees the verdict sees its figures, or later ones.
    Atomics.store(this.words, isSlow, slow ? 1 : 0);
  }
}
