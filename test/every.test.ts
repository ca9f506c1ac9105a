import { every } from '../lib/every';
import { runApart } from './support/fixture-pool';

afterEach(() => {
  jest.useRealTimers();
});

it('ticks until it is stopped', () => {
  jest.useFakeTimers();
  const tick = jest.fn();
  const ticker = every(250, tick);
  jest.advanceTimersByTime(1000);
  ticker.stop();
  ticker.unref();
  jest.advanceTimersByTime(1000);
  expect(tick).toHaveBeenCalledTimes(4);
});

it('keeps the process alive only while it is asked to', async () => {
  const printed = await runApart(`
    const { every } = lib('every');
    every(3_600_000, () => undefined);
    const ticker = every(1, () => { console.log('ticked'); ticker.unref(); });
    ticker.ref();`);
  expect(printed).toMatch(/^(ticked\n)+$/);
});
