import { systemClock } from '../lib/clock';

const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;

it('has the time line of performance.now()', () => {
  const before = performance.now();
  const now = systemClock.now();
  expect(now).toBeGreaterThanOrEqual(before);
  expect(now).toBeLessThanOrEqual(performance.now());
});

it('waits, and leaves no timer when it is told to stop, before or meanwhile', async () => {
  const before = timers();
  await systemClock.wait(0, new AbortController().signal);
  const over = new AbortController();
  const waiting = systemClock.wait(600_000, over.signal);
  over.abort();
  await expect(waiting).rejects.toThrow('aborted');
  await expect(systemClock.wait(600_000, over.signal)).rejects.toThrow('aborted');
  expect(timers()).toBeLessThanOrEqual(before);
});
