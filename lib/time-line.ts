/** How far CLOCK_MONOTONIC is ahead of `performance.now()`, which begins with this thread of Node. Both run alike. */
const aheadMs = readAhead();

/** The closest of some readings: this thread may be interrupted in the midst of one. */
function readAhead(): number {
  const readings = Array.from({ length: 5 }, () => {
    const beforeMs = performance.now();
    const monotonicMs = Number(process.hrtime.bigint()) / 1e6;
    const tookMs = performance.now() - beforeMs;
    return { aheadMs: monotonicMs - beforeMs - tookMs / 2, tookMs };
  });
  return readings.reduce((best, each) => (each.tookMs < best.tookMs ? each : best)).aheadMs;
}

/** A time of CLOCK_MONOTONIC, as the native threads tell it, on the time line of `performance.now()`. In milliseconds. */
export function onTimeLine(monotonicMs: number): number {
  return monotonicMs - aheadMs;
}
