import { retriableFirst } from './criteria';
import type { OrderPolicy } from './order';
import { orderPolicy } from './order-policy';
import { oldestStartFirst } from './start-criteria';

/**
 * Retriable workers first, then the oldest start: for services that leak over a long life (Ray's
 * "retriable FIFO"). A start that is not known counts as the newest. Ties end by id. Idle or busy plays no part.
 */
export function oldestFirst(): OrderPolicy {
  return orderPolicy('oldestFirst', [retriableFirst, oldestStartFirst]);
}
