import type { CodeRecord } from './code-shelf';
import type { Seat } from './seat';

/** An instance of the cache. It is linked into the idle list while it is idle. */
export class Held<M, I> {
  /** As of its last measurement. */
  bytes = 0;
  isIdle = false;
  idleSinceMs = 0;
  /** In which period of the sweep. */
  idleSincePeriod = 0;
  previous: Held<M, I> | undefined;
  next: Held<M, I> | undefined;

  constructor(readonly instance: I, readonly seat: Seat<M, I>, readonly code: CodeRecord<M>) {}
}
