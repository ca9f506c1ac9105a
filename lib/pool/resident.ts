/** How a key came to what it got: it had used it before, another one had and it was reset, or it was made. */
export type LeaseOutcome = 'hit' | 'reset' | 'created';

/** A resource in its slot, until it is given up. */
export class Resident<R, K> {
  outcome: LeaseOutcome = 'created';
  uses = 0;
  /** As of its last measurement. */
  bytes = 0;
  isIdle = false;
  /** It has ended by itself. */
  isLost = false;

  constructor(readonly resource: R, readonly slot: number, public key: K, readonly createdAtMs: number) {}
}
