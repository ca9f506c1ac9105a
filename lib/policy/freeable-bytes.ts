import type { Candidate } from './types';

/**
 * What a candidate's death counts for in a plan. Unknown counts 0, as in Ray's time policy. So does
 * a value that is no amount (NaN, negative; `null` from a report's JSON): it would break orders and sums.
 */
export function freeableBytesOf({ freeableBytes }: Candidate): number {
  return freeableBytes !== undefined && freeableBytes > 0 ? freeableBytes : 0;
}
