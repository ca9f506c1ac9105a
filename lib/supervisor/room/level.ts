import type { Fill } from './fill';

/** How far below a level, as a fraction of the mark, the pool must fall for the level to be left: else it flickers. */
const gap = 0.02;

/** Below it a level is left. */
export function leaveAt(at: number): number {
  // Of a level near 0 too there must be something below it.
  return Math.max(at - gap, at / 2);
}

/** A fraction of the mark: passed from there on, and left only some way below it. */
export class Level {
  #passed = false;
  readonly #leaveAt: number;

  constructor(private readonly at: number) {
    this.#leaveAt = leaveAt(at);
  }

  get passed(): boolean {
    return this.#passed;
  }

  /** Returns whether it is passed now and was not before. Where nobody can tell it is not passed. */
  update(fill: Fill | undefined): boolean {
    const before = this.#passed;
    if (fill === undefined) this.#passed = false;
    else if (fill.pinnedBytes >= this.at * fill.markBytes) this.#passed = true;
    else if (fill.pinnedBytes < this.#leaveAt * fill.markBytes) this.#passed = false;
    return this.#passed && !before;
  }
}
