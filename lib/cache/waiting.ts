import type { Clock } from '../clock';
import { SpillwayError } from '../errors';
import { Line } from './line';
import type { Seat } from './seat';

/** Has users wait for seats that others have, no more than may wait at one time, and counts it. */
export class Waiting<M, I> {
  readonly counts = { blocks: 0, waitMs: 0, waiting: 0 };

  constructor(private readonly options: { readonly maxWaiting: number; readonly clock: Clock }) {}

  /**
   * The seat that is handed over: another one if this one was removed meanwhile.
   *
   * @throws ERR_SPILLWAY_QUEUE_FULL; the signal's reason
   */
  async wait(seat: Seat<M, I>, signal: AbortSignal): Promise<Seat<M, I>> {
    const { counts, options: { maxWaiting, clock } } = this;
    if (counts.waiting >= maxWaiting) {
      throw new SpillwayError('ERR_SPILLWAY_QUEUE_FULL', `Already ${counts.waiting} wait for instances (maxWaiting); give some back first`);
    }
    const sinceMs = clock.now();
    counts.blocks += 1;
    counts.waiting += 1;
    try {
      return await (seat.line ??= new Line()).wait(signal);
    } finally {
      counts.waiting -= 1;
      counts.waitMs += clock.now() - sinceMs;
    }
  }
}
