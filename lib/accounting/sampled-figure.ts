import type { CpuFigure } from './cpu-figure';
import type { MemoryFigure } from './memory-figure';

/** One measurement of memory. */
export type Measured = Answer<MemoryFigure> & { bytes: number };

/** What is known of a figure that was measured. */
export type Answer<Figure> = Omit<Figure, 'sampledAt' | 'measuring'>;

/** Without an answer: the figure before the first one. */
type ToFigure<Figure> = (answer: Answer<Figure> | undefined, sampledAt: number | undefined) => Figure;

/** The last figure of something that is asked now and then, because to ask it takes time. */
export class SampledFigure<Figure extends MemoryFigure | CpuFigure> {
  readonly #toFigure: ToFigure<Figure>;
  readonly #measure: () => Promise<Answer<Figure> | undefined>;
  #figure: Figure;
  #asking: Promise<void> | undefined;
  /** By the monotonic clock, which nobody sets. */
  #askedAtMs = -Infinity;

  /**
   * @param toFigure makes all of them alike
   * @param measure asks; `undefined`, or a rejection: no answer, the last figure stays
   */
  constructor(toFigure: ToFigure<Figure>, measure: () => Promise<Answer<Figure> | undefined>) {
    this.#toFigure = toFigure;
    this.#figure = toFigure(undefined, undefined);
    this.#measure = measure;
  }

  get last(): Figure {
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
      if (measured !== undefined) this.#figure = this.#toFigure(measured, Date.now());
    } catch {
      // The figure's age tells that there was no answer.
    } finally {
      this.#asking = undefined;
    }
  }
}
