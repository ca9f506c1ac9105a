import type { Candidate } from './types';

/**
 * What a candidate's death counts for in a plan. Unknown counts 0, as in Ray's time policy. So does
 * a value that is no amount (NaN, Infinity, negative; `null` from a report's JSON): it would break orders and sums.
 */
export function freeableBytesOf(candidate: Candidate): number {
  return isFreeableKnown(candidate) ? candidate.freeableBytes : 0;
}

export function isFreeableKnown(candidate: Candidate): candidate is Candidate & { freeableBytes: number } {
  return Number.isFinite(candidate.freeableBytes) && Number(candidate.freeableBytes) >= 0;
}
