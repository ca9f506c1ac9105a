/** Candidates with less than this share of the mark are passed over while larger ones exist. */
const minVictimFraction = 0.01;

/** Old leakers are to die, not all the small ones that happen to be younger. 0 where there is no mark. */
export function minVictimBytesOf(markBytes: number): number {
  return Number.isFinite(markBytes) ? markBytes * minVictimFraction : 0;
}
