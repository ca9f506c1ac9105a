import { onTimeLine } from '../lib/time-line';

it('puts a time of CLOCK_MONOTONIC between what performance.now() says before and after', () => {
  const before = performance.now();
  const now = onTimeLine(Number(process.hrtime.bigint()) / 1e6);
  const after = performance.now();
  expect(now).toBeGreaterThan(before - 1);
  expect(now).toBeLessThan(after + 1);
});

it('keeps distances', () => {
  expect(onTimeLine(1e9 + 250.125) - onTimeLine(1e9)).toBeCloseTo(250.125, 3);
});
