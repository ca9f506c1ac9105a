import type { Breach } from '../../monitor/types';

/** How far below the mark there must be room again, as a fraction of it: the default of `killBufferBytes`. */
const margin = 0.05;

/** How many bytes must go for the shortage to be over; `undefined` when the monitor does not tell. */
export function bytesOver(breach: Breach): number | undefined {
  if (breach.source === 'threshold') return above(breach.usedBytes, breach.thresholdBytes);
  const { usage: { pinnedBytes }, limits: { highBytes = Infinity, maxBytes = Infinity } } = breach;
  const markBytes = Math.min(highBytes, maxBytes);
  return pinnedBytes === undefined || markBytes === Infinity ? undefined : above(pinnedBytes, markBytes);
}

function above(usedBytes: number, markBytes: number): number {
  return Math.max(Math.ceil(usedBytes - (1 - margin) * markBytes), 0);
}
