import type { Clock } from '../clock';

/** So many readings, each so soon after the one before, are a burst. */
const burstReadings = 16;
const soonMs = 0.1;

/**
 * The time for stamps, read once for a whole turn of the event loop when very many are wanted in it: a reading costs as much as
 * all the rest of a step. Never ahead of the clock, and behind it by no more than this turn takes, as the time of Node's timers.
 */
export class TurnClock {
  #readMs = -Infinity;
  #readingsInRow = 0;
  #isHeld = false;
  #burstReadings = burstReadings;
  readonly #letGo = (): void => {
    this.#isHeld = false;
    this.#readingsInRow = 0;
  };

  constructor(
    private readonly clock: Pick<Clock, 'now'>,
    /** Has it called when the turn is over. */
    private readonly afterTurn: (call: () => void) => unknown = setImmediate,
  ) {}

  /** One that reads each time: for the clocks of tests, and of whoever brings his own. */
  static exact(clock: Pick<Clock, 'now'>): TurnClock {
    const exact = new TurnClock(clock);
    exact.#burstReadings = Infinity;
    return exact;
  }

  now(): number {
    return this.#isHeld ? this.#readMs : this.#read();
  }

  /** Writes the time into an array: a number that is returned and is no small integer may be an allocation. */
  stamp(times: Float64Array, place: number): void {
    // Apart, for the same reason.
    if (this.#isHeld) times[place] = this.#readMs;
    else times[place] = this.#read();
  }

  #read(): number {
    const nowMs = this.clock.now();
    this.#readingsInRow = nowMs - this.#readMs < soonMs ? this.#readingsInRow + 1 : 0;
    this.#readMs = nowMs;
    if (this.#readingsInRow === this.#burstReadings) {
      this.#isHeld = true;
      this.afterTurn(this.#letGo);
    }
    return nowMs;
  }
}
