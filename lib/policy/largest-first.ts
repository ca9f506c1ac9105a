import { leastWorkFirst, mostToFreeFirst } from './criteria';
import type { OrderPolicy } from './order';
import { orderPolicy } from './order-policy';

/**
 * The worker whose death frees most first, so that the fewest die; whatever work that costs. Unknown
 * `freeableBytes` counts 0. Among equals retriable first, then the newest start, then by id.
 */
export function largestFirst(): OrderPolicy {
  return orderPolicy('largestFirst', [mostToFreeFirst], leastWorkFirst);
}
