import { anyEnds } from '../../../lib/supervisor/relief/worker-ends';
import { failOnRejections, settle } from '../../support/fake-round';
import { FakeClock, FakeWorker } from '../../support/fixture-pool';

failOnRejections();

let clock: FakeClock;
beforeEach(() => { clock = new FakeClock(); });
afterEach(() => { expect(clock.waits.size).toBe(0); });

it('says that one has ended, whichever it is, also before it was asked', async () => {
  const [a, b] = [new FakeWorker('a', 1), new FakeWorker('b', 1)];
  const waiting = anyEnds([a, b], 1000, clock);
  b.end();
  expect(await waiting).toBe(true);
  expect(await anyEnds([a, b], 0, clock)).toBe(true);
});

it.each([0, -1, 5])('says that none has within %d ms', async (ms) => {
  const waiting = anyEnds([new FakeWorker('a', 1)], ms, clock);
  clock.advance(5);
  expect(await waiting).toBe(false);
});

it('of nobody it is the time alone', async () => {
  const waiting = anyEnds([], 100, clock);
  clock.advance(99);
  await settle();
  expect(clock.waits.size).toBe(1);
  clock.advance(1);
  expect(await waiting).toBe(false);
});

it('looks every 10 ms whether to stop, and not before', async () => {
  const cut = jest.fn(() => false);
  const waiting = anyEnds([new FakeWorker('a', 1)], 35, clock, cut);
  const looks: number[] = [];
  for (let ms = 1; ms <= 30; ms++) {
    clock.advance(1);
    await settle();
    looks[ms] = cut.mock.calls.length;
  }
  expect([looks[9], looks[10], looks[19], looks[20], looks[30]]).toEqual([0, 1, 1, 2, 3]);
  cut.mockReturnValue(true);
  clock.advance(5);
  expect(await waiting).toBe(false);
});

it('hears of an end that came while JavaScript was blocked, whose timers come first when it wakes', async () => {
  const worker = new FakeWorker('a', 1);
  const waiting = anyEnds([worker], 2000, clock);
  clock.advance(5000);
  await settle();
  worker.end();
  expect(await waiting).toBe(true);
});

it.each([1e9, 2050])('after a clock that jumps by %d ms, or a blocked JavaScript, it waits for a moment more, and once', async (ms) => {
  const waiting = anyEnds([new FakeWorker('a', 1)], 2000, clock, () => false);
  clock.advance(ms);
  await settle();
  expect(clock.waits.size).toBe(1);
  for (let waited = 0; waited < 200; waited += 10) {
    clock.advance(10);
    await settle();
  }
  expect(await waiting).toBe(false);
});

it('of nobody there is nothing to hear', async () => {
  const waiting = anyEnds([], 2000, clock);
  clock.advance(1e9);
  expect(await waiting).toBe(false);
});

it('fails, and leaves no timer, when the question whether to stop does', async () => {
  const waiting = anyEnds([], 100, clock, () => { throw new Error('oops'); });
  clock.advance(10);
  await expect(waiting).rejects.toThrow('oops');
});
