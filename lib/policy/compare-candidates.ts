import { freeableBytesOf } from './freeable-bytes';
import type { Candidate } from './types';

/**
 * Orders for `sort`. Each one is total: it ends by id, which no two workers share, so the result
 * does not depend on the order in which the candidates came.
 */
export type CompareCandidates = (a: Candidate, b: Candidate) => number;

/** Most to free first. Unknown counts 0. */
export const compareBySize: CompareCandidates = (a, b) => descending(freeableBytesOf(a), freeableBytesOf(b)) || compareById(a, b);

/** Newest start first. A start that is not a finite number counts as the oldest. */
export const compareByStart: CompareCandidates = (a, b) => descending(startOf(a), startOf(b)) || compareById(a, b);

// By code units: `localeCompare` would rank differently from machine to machine.
const compareById: CompareCandidates = (a, b) => (a.id === b.id ? 0 : a.id < b.id ? -1 : 1);

// No subtraction: Infinity - Infinity is NaN, and a comparison with NaN is not an order.
function descending(a: number, b: number): number {
  return a === b ? 0 : a > b ? -1 : 1;
}

function startOf({ startedAtMs }: Candidate): number {
  return Number.isFinite(startedAtMs) ? startedAtMs : -Infinity;
}
