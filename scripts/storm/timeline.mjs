const STEP_MS = 20;
const round = (/** @type {number} */ value, /** @type {number} */ step) => Math.round(value / step) * step;

/**
 * One storm for a picture: memory in MiB and stall since the gate, every 20 ms, and the kills.
 * @param {import('./round.mjs').Seen} seen
 * @param {import('./figures.mjs').Figures} figures
 */
export function timelineOf({ gateMs, endMs, watched: { samples } }, { kills }) {
  /** @type {{ atMs: number, currentMib: number, stallMs: number }[]} */
  const points = [];
  const inside = samples.filter(({ atMs }) => atMs >= gateMs - STEP_MS && atMs <= endMs);
  const [first] = inside;
  let nextMs = -Infinity;
  for (const { atMs, currentBytes, stallMs } of inside) {
    if (atMs < nextMs) continue;
    nextMs = atMs + STEP_MS - 1;
    points.push({ atMs: Math.round(atMs - gateMs), currentMib: round(currentBytes / 2 ** 20, 0.5), stallMs: Math.round(stallMs - (first?.stallMs ?? 0)) });
  }
  return { points, kills: kills.map(({ id, atMs, byKernel, right }) => ({ id, atMs: Math.round(atMs), byKernel, right })) };
}
