import { BaseLease, type LeaseDesk } from '../leases/base-lease';
import type { Held } from './held';

/** An instance for one user alone, until it is given back. Ends once; with `using`, at the end of the block. */
export class Lease<I> extends BaseLease<Held<unknown, I>> {
  /** Made by `acquire()`. `isHit`: the instance was there, and has the memory that its last user left. */
  constructor(desk: LeaseDesk<Held<unknown, I>>, held: Held<unknown, I>, readonly isHit: boolean) {
    super(desk, held);
  }

  /**
   * Do not keep it, nor any of its exports: one of them keeps all of its memory.
   *
   * @throws {SpillwayError} `ERR_SPILLWAY_LEASE_ENDED`
   */
  get instance(): I {
    return this.held.instance;
  }
}
