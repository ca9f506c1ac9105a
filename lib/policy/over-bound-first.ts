import { furthestOverBoundFirst, leastWorkFirst } from './criteria';
import type { OrderPolicy } from './order';
import { orderPolicy } from './order-policy';

/**
 * The worker that is furthest over what it has declared (`boundBytes`) first: who keeps to its word is the last to pay
 * for others. Those within their bound, or without one, are equal: retriable first, then the newest start, then by id.
 * For another order among them: `firstBy(overBoundFirst(), byStartTime())`.
 */
export function overBoundFirst(): OrderPolicy {
  return orderPolicy('overBoundFirst', [furthestOverBoundFirst], leastWorkFirst);
}
