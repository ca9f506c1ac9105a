import { RunEnd } from '../../../lib/supervisor/room/run-end';
import { FakeClock } from '../../support/fixture-pool';

const settle = () => new Promise(setImmediate);

it('is over when the budget is used up', async () => {
  const clock = new FakeClock();
  const end = new RunEnd(50, undefined, clock);
  clock.advance(49);
  await settle();
  expect(end.why).toBeUndefined();
  clock.advance(1);
  expect(await end.reached).toBe(end);
  expect(end.why).toBe('it did not return within the budget of 50 ms');
});

it('is over when it is stopped, and keeps the first reason', async () => {
  const clock = new FakeClock();
  const controller = new AbortController();
  const end = new RunEnd(50, controller.signal, clock);
  end.asked = new AbortController();
  controller.abort();
  expect(end.asked.signal.aborted).toBe(true);
  clock.advance(50);
  await settle();
  expect(end.why).toBe('it was still busy when the run was stopped');
});

it.each<[number, AbortSignal | undefined]>([[0, undefined], [-1, undefined], [Infinity, AbortSignal.abort()]])('a budget of %d ms and the signal %p: over from the beginning', async (budgetMs, signal) => {
  const end = new RunEnd(budgetMs, signal, new FakeClock());
  expect(end.why).toBeDefined();
  expect(await end.reached).toBe(end);
});

it('an endless budget takes no timer, and none is left after dispose()', async () => {
  const clock = new FakeClock();
  new RunEnd(Infinity, undefined, clock);
  expect(clock.waits.size).toBe(0);
  const controller = new AbortController();
  const end = new RunEnd(50, controller.signal, clock);
  expect(clock.waits.size).toBe(1);
  end.dispose();
  controller.abort();
  await settle();
  expect(clock.waits.size).toBe(0);
  expect(end.why).toBeUndefined();
});
