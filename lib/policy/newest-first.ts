import { retriableFirst } from './criteria';
import type { OrderPolicy } from './order';
import { orderPolicy } from './order-policy';
import { newestStartFirst } from './start-criteria';

/**
 * Retriable workers first, then the newest start: little work is lost (Ray's "retriable LIFO"). A start
 * that is not known counts as the oldest. Ties end by id. Idle or busy, task or service, plays no part:
 * for that take `byStartTime()`.
 */
export function newestFirst(): OrderPolicy {
  return orderPolicy('newestFirst', [retriableFirst, newestStartFirst]);
}
