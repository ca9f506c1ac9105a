import { leastWorkFirst, lowestPriorityFirst } from './criteria';
import type { OrderPolicy } from './order';
import { orderPolicy } from './order-policy';

/**
 * The lowest `priority` first; none, or NaN, counts as 0. Among equals retriable first, then the newest
 * start, then by id; for another order among equals: `firstBy(byPriority(), byStartTime())`.
 */
export function byPriority(): OrderPolicy {
  return orderPolicy('byPriority', [lowestPriorityFirst], leastWorkFirst);
}
