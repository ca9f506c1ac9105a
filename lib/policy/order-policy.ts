import type { Criterion, OrderPolicy } from './order';
import { rankBy } from './rank-by';

/** A policy from criteria. `ties` belong to it alone: in `firstBy()` the next policy decides instead. */
export function orderPolicy(name: string, criteria: readonly Criterion[], ties: readonly Criterion[] = []): OrderPolicy {
  return { name, criteria, rank: (candidates) => rankBy(candidates, criteria, ties) };
}
