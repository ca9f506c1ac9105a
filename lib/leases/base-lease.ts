import { SpillwayError } from '../errors';

/** What leases give their things back to. */
export interface LeaseDesk<H> {
  /** Returns what `release()` throws: why it came too late, if it did. */
  giveBack(held: H, isCorrupt: boolean): SpillwayError | undefined;
}

/** Something (`H`) for one user alone, until it is given back. Ends once; with `using`, at the end of the block. */
export abstract class BaseLease<H> implements Disposable {
  #held: H | undefined;

  constructor(private readonly desk: LeaseDesk<H>, held: H) {
    this.#held = held;
  }

  /** @throws ERR_SPILLWAY_LEASE_ENDED */
  protected get held(): H {
    if (this.#held === undefined) throw new SpillwayError('ERR_SPILLWAY_LEASE_ENDED', 'This lease was given back; acquire another one');
    return this.#held;
  }

  /**
   * Gives it back. Again: nothing happens.
   *
   * @throws {SpillwayError} `ERR_SPILLWAY_STOPPED` when whoever lent it was closed meanwhile; it is given up all the same
   */
  release(): void {
    const tooLate = this.#end(false);
    if (tooLate !== undefined) throw tooLate;
  }

  /** Gives it back and up, because it may be corrupt: after a trap, for one. Never throws; again: nothing happens. */
  discard(): void {
    this.#end(true);
  }

  /** As {@link release}, but never throws: it would hide the error that ends the block. */
  [Symbol.dispose](): void {
    this.#end(false);
  }

  #end(isCorrupt: boolean): SpillwayError | undefined {
    const held = this.#held;
    if (held === undefined) return undefined;
    this.#held = undefined;
    return this.desk.giveBack(held, isCorrupt);
  }
}
