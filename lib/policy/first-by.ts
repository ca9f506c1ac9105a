import { invalidOption } from '../options';
import { leastWorkFirst } from './criteria';
import type { Order, OrderPolicy } from './order';
import { orderPolicy } from './order-policy';

/**
 * Several orders one after the other: the first decides, each next one among those that are equal by the
 * ones before it; at last retriable first, then the newest start, then by id. Takes every policy of
 * this package that compares each worker with each (all but `byOwner()` and `protect()`), and orders of your own:
 *
 * ```js
 * const freePlanFirst = {
 *   name: 'freePlanFirst',
 *   criteria: [{ key: ({ labels }) => (labels?.plan === 'free' ? 0 : 1), explain: ({ labels }) => `plan ${labels?.plan}` }],
 * };
 * const policy = firstBy(freePlanFirst, byPriority(), byStartTime());
 * ```
 *
 * @throws {SpillwayError} `ERR_SPILLWAY_INVALID_OPTION` for no order, or for one without criteria
 */
export function firstBy(...orders: readonly Order[]): OrderPolicy {
  if (orders.length === 0) throw invalidOption('orders', orders, 'at least one policy such as byPriority()');
  for (const each of orders as readonly unknown[]) {
    if (isOrder(each)) continue;
    const { name } = (each ?? {}) as { name?: unknown };
    throw invalidOption('orders', name ?? each, 'policies that compare worker with worker, such as byPriority(), or { name, criteria }');
  }
  const name = `firstBy(${orders.map((each) => each.name).join(', ')})`;
  return orderPolicy(name, [...new Set(orders.flatMap(({ criteria }) => criteria))], leastWorkFirst);
}

function isOrder(value: unknown): value is Order {
  const { name, criteria } = (value ?? {}) as { name?: unknown; criteria?: unknown };
  return typeof name === 'string' && Array.isArray(criteria) && criteria.length > 0 && criteria.every(isCriterion);
}

function isCriterion(value: unknown): boolean {
  const { key, explain } = (value ?? {}) as { key?: unknown; explain?: unknown };
  return typeof key === 'function' && typeof explain === 'function';
}
