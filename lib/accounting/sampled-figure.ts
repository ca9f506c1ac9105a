import { type MemoryFigure, unmeasured } from './memory-figure';

/** One measurement. */
export interface Measured {
  bytes: number;
  source: string;
  confidence: MemoryFigure['confidence'];
}

/** The last figure of something that is asked now and then, because to ask it takes time. */
export class SampledFigure {
  readonly #measure: () => Promise<Measured | undefined>;
  #figure: MemoryFigure = { ...unmeasured, measuring: true };
  #asking: Promise<void> | undefined;
  /** By the monotonic clock, which nobody sets. */
  #askedAtMs = -Infinity;

  /** @param measure asks; `undefined`, or a rejection: no answer, the last figure stays */
  constructor(measure: () => Promise<Measured | undefined>) {
    this.#measure = measure;
  }

  get last(): MemoryFigure {
    return this.#figure;
  }

  /**
   * Asks anew unless it was asked less than so many milliseconds ago. While an answer is outstanding it is not asked
   * again: whoever is stuck would collect questions. Never rejects; may stay pending for ever.
   */
  refresh(maxAgeMs: number): Promise<void> {
    if (this.#asking !== undefined) return this.#asking;
    if (performance.now() - this.#askedAtMs < maxAgeMs) return Promise.resolve();
    this.#askedAtMs = performance.now();
    this.#asking = this.#ask();
    return this.#asking;
  }

  async #ask(): Promise<void> {
    try {
      const measured = await this.#measure();
      if (measured !== undefined) this.#figure = { ...measured, sampledAt: Date.now(), measuring: true };
    } catch {
      // The figure's age tells that there was no answer.
    } finally {
      this.#asking = undefined;
    }
  }
}
