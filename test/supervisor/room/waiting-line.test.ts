import fc from 'fast-check';
import { SpillwayError } from '../../../lib/errors';
import { WaitingLine, type Wish } from '../../../lib/supervisor/room/waiting-line';
import { FakeClock } from '../../support/fixture-pool';

const settle = () => new Promise(setImmediate);
const never = new SpillwayError('ERR_SPILLWAY_INVALID_OPTION', 'too large');

/** Room for so many bytes in all; more than 1000 never fit. */
class World {
  readonly clock = new FakeClock();
  free = 0;
  readonly lengths: number[] = [];
  readonly ended: [string, unknown][] = [];
  readonly line = new WaitingLine(
    (bytes) => {
      if (bytes > 1000) return never;
      if (bytes > this.free) return false;
      this.free -= bytes;
      return true;
    },
    this.clock,
    (length) => this.lengths.push(length),
  );

  wait(name: string, bytes: number, wish: Partial<Wish> = {}): void {
    this.line.wait({ bytes, signal: undefined, ...wish }).then(
      () => this.ended.push([name, 'in']),
      (error: unknown) => this.ended.push([name, error]),
    );
  }

  async open(bytes: number): Promise<[string, unknown][]> {
    this.free = bytes;
    this.line.advance();
    await settle();
    return this.ended.splice(0);
  }
}

let world: World;
beforeEach(() => (world = new World()));

it('who fits is in at once, without a timer or a listener', async () => {
  world.free = 5;
  const { signal } = new AbortController();
  const added = jest.spyOn(signal, 'addEventListener');
  world.wait('a', 5, { signal, timeoutMs: 10 });
  await settle();
  expect(world.ended).toEqual([['a', 'in']]);
  expect([added.mock.calls.length, world.clock.waits.size]).toEqual([0, 0]);
});

it('first come, first served: a large one in front keeps small ones waiting', async () => {
  world.wait('large', 10);
  world.wait('small', 1);
  expect(await world.open(9)).toEqual([]);
  expect(await world.open(10)).toEqual([['large', 'in']]);
  expect(await world.open(1)).toEqual([['small', 'in']]);
  expect(world.lengths.at(-1)).toBe(0);
});

it('one that never fits is turned away, and those behind it go on', async () => {
  world.wait('a', 10);
  world.wait('too large', 1001);
  world.wait('b', 1);
  expect(await world.open(11)).toEqual([['a', 'in'], ['too large', never], ['b', 'in']]);
});

it('an abort takes it out with its reason, whatever that is, and lets those behind it in', async () => {
  const controller = new AbortController();
  const removed = jest.spyOn(controller.signal, 'removeEventListener');
  world.wait('large', 10, { signal: controller.signal, timeoutMs: 50 });
  world.wait('small', 1);
  await world.open(5);
  controller.abort('changed my mind');
  await settle();
  expect(world.ended).toEqual([['large', 'changed my mind'], ['small', 'in']]);
  expect([removed.mock.calls.length, world.clock.waits.size]).toEqual([1, 0]);
});

it('a signal that has fired before keeps it out of the line', async () => {
  world.wait('a', 0, { signal: AbortSignal.abort('no') });
  await settle();
  expect([world.ended, world.lengths]).toEqual([[['a', 'no']], []]);
});

it('an abort after the end means nothing', async () => {
  const controller = new AbortController();
  world.wait('a', 5, { signal: controller.signal });
  await world.open(5);
  controller.abort();
  await settle();
  expect(world.ended).toEqual([]);
});

it('a timeout takes it out, and lets those behind it in', async () => {
  const { signal } = new AbortController();
  const removed = jest.spyOn(signal, 'removeEventListener');
  world.wait('large', 10, { signal, timeoutMs: 50 });
  world.wait('small', 1);
  await world.open(5);
  world.clock.advance(49);
  await settle();
  expect(world.ended).toEqual([]);
  world.clock.advance(1);
  await settle();
  expect(world.ended).toEqual([['large', expect.objectContaining({ code: 'ERR_SPILLWAY_TIMEOUT', message: expect.stringContaining('50 ms') as string })], ['small', 'in']]);
  expect(removed).toHaveBeenCalledTimes(1);
});

it('where late ones are let in, they are', async () => {
  world.wait('a', 10, { timeoutMs: 50, whenLate: 'let in' });
  world.clock.advance(50);
  await settle();
  expect(world.ended).toEqual([['a', 'in']]);
});

it('dissolved, it turns all away and leaves no timer', async () => {
  const error = new SpillwayError('ERR_SPILLWAY_STOPPED', 'over');
  world.wait('a', 10, { timeoutMs: 50 });
  world.wait('b', 10);
  world.line.dissolve(error);
  await settle();
  expect(world.ended).toEqual([['a', error], ['b', error]]);
  expect(world.clock.waits.size).toBe(0);
  expect(world.lengths.at(-1)).toBe(0);
});

it('for any arrivals, openings, aborts and timeouts: order holds, no more enter than fit, nobody starves', async () => {
  const arrival = fc.record({ bytes: fc.nat(1200), timeoutMs: fc.option(fc.integer({ min: 1, max: 300 }), { nil: undefined }) });
  const step = fc.oneof(arrival, fc.record({ open: fc.nat(1500) }), fc.record({ abort: fc.nat(20) }), fc.record({ afterMs: fc.nat(200) }));
  await fc.assert(fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
    world = new World();
    const controllers: AbortController[] = [];
    const sizes: number[] = [];
    const entered: number[] = [];
    const check = async (freeBefore: number): Promise<void> => {
      await settle();
      const now = world.ended.splice(0).filter(([, how]) => how === 'in').map(([name]) => Number(name));
      expect(world.free).toBeGreaterThanOrEqual(0);
      expect(freeBefore - world.free).toBe(now.reduce((sum, place) => sum + (sizes[place] ?? 0), 0));
      entered.push(...now);
    };
    for (const each of steps) {
      const freeBefore = 'open' in each ? each.open : world.free;
      if ('open' in each) {
        world.free = each.open;
        world.line.advance();
      } else if ('abort' in each) controllers[each.abort]?.abort();
      else if ('afterMs' in each) world.clock.advance(each.afterMs);
      else {
        const controller = new AbortController();
        world.wait(String(sizes.length), each.bytes, { signal: controller.signal, timeoutMs: each.timeoutMs });
        controllers.push(controller);
        sizes.push(each.bytes);
      }
      await check(freeBefore);
    }
    // With room for one large one at a time, everybody gets in who has not left.
    for (const { length } = sizes; world.lengths.at(-1) !== undefined && world.lengths.at(-1) !== 0;) {
      const before = entered.length;
      world.free = 1000;
      world.line.advance();
      await check(1000);
      if (entered.length === before || entered.length > length) throw new Error('somebody starves');
    }
    expect(entered).toEqual(entered.toSorted((a, b) => a - b));
    expect(world.clock.waits.size).toBe(0);
  }), { numRuns: 60 });
});
