import { SpillwayError } from '../errors';
import type { Held } from './held';

/** What a lease gives its instance back to. */
export interface LeaseDesk<M, I> {
  /** Whether it was too late: the cache is closed. */
  giveBack(held: Held<M, I>, isCorrupt: boolean): boolean;
}

/** An instance for one user alone, until it is given back. Ends once; with `using`, at the end of the block. */
export class Lease<I> implements Disposable {
  #held: Held<unknown, I> | undefined;

  /** Made by `acquire()`. `isHit`: the instance was there, and has the memory that its last user left. */
  constructor(private readonly desk: LeaseDesk<unknown, I>, held: Held<unknown, I>, readonly isHit: boolean) {
    this.#held = held;
  }

  /**
   * Do not keep it, nor any of its exports: one of them keeps all of its memory.
   *
   * @throws {SpillwayError} `ERR_SPILLWAY_LEASE_ENDED`
   */
  get instance(): I {
    if (this.#held === undefined) throw new SpillwayError('ERR_SPILLWAY_LEASE_ENDED', 'This lease was given back; acquire another one');
    return this.#held.instance;
  }

  /**
   * Gives the instance back. Again: nothing happens.
   *
   * @throws {SpillwayError} `ERR_SPILLWAY_STOPPED` when the cache was closed meanwhile; the instance is given up all the same
   */
  release(): void {
    if (this.#end(false)) throw new SpillwayError('ERR_SPILLWAY_STOPPED', 'The cache was closed while this instance was in use; it was given up');
  }

  /** Gives it back and up, because it may be corrupt: after a trap, for one. Never throws; again: nothing happens. */
  discard(): void {
    this.#end(true);
  }

  /** As {@link release}, but never throws: it would hide the error that ends the block. */
  [Symbol.dispose](): void {
    this.#end(false);
  }

  #end(isCorrupt: boolean): boolean {
    const held = this.#held;
    if (held === undefined) return false;
    this.#held = undefined;
    return this.desk.giveBack(held, isCorrupt);
  }
}
