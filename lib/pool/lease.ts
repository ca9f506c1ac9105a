import { BaseLease, type LeaseDesk } from '../leases/base-lease';
import type { LeaseOutcome, Resident } from './resident';

/** A resource of a pool, for one user alone, until it is given back. Ends once; with `using`, at the end of the block. */
export class Lease<R> extends BaseLease<Resident<R, unknown>> implements AsyncDisposable {
  /** Made by `acquire()`. `outcome`: whether the resource was there, was reset, or was made. */
  readonly outcome: LeaseOutcome;

  constructor(desk: LeaseDesk<Resident<R, unknown>>, resident: Resident<R, unknown>) {
    super(desk, resident);
    this.outcome = resident.outcome;
  }

  /**
   * Do not use it after the lease.
   *
   * @throws {SpillwayError} `ERR_SPILLWAY_LEASE_ENDED`
   */
  get resource(): R {
    return this.held.resource;
  }

  /** As `Symbol.dispose`. It does not wait for a resource that is given up to be destroyed. */
  [Symbol.asyncDispose](): Promise<void> {
    this[Symbol.dispose]();
    return Promise.resolve();
  }
}
