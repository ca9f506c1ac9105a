import { freeableBytesOf } from './freeable-bytes';
import type { Candidate } from './types';

/**
 * How much more a candidate uses than it has declared; 0 for one that has declared nothing, or whose use is not known.
 * Page cache does not count: it is the pool's to take.
 */
export function overBoundBytes(candidate: Candidate): number {
  const { boundBytes, usage } = candidate;
  if (!isBound(boundBytes)) return 0;
  const over = (usage.pinnedBytes ?? freeableBytesOf(candidate)) - boundBytes;
  return Number.isFinite(over) && over > 0 ? over : 0;
}

/** In the JSON of a report there may be `null`. */
export function isBound(boundBytes: number | undefined): boundBytes is number {
  return typeof boundBytes === 'number' && !Number.isNaN(boundBytes);
}
