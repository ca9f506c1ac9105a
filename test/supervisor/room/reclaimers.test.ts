import fc from 'fast-check';
import type { SpillwayError } from '../../../lib/errors';
import { Reclaimers, type Reclaimer, type ReclaimRequest } from '../../../lib/supervisor/room/reclaimers';
import type { Reclaimed } from '../../../lib/supervisor/types';
import { errorOf } from '../../support/error-of';
import { FakeClock } from '../../support/fixture-pool';

const settle = () => new Promise(setImmediate);
const rejections: unknown[] = [];
const note = (reason: unknown): void => void rejections.push(reason);
beforeAll(() => process.on('unhandledRejection', note));
afterAll(() => process.off('unhandledRejection', note));
afterEach(async () => {
  await settle();
  expect(rejections.splice(0)).toEqual([]);
});

/** Nobody answers before the test says so. */
class Slow implements Reclaimer {
  readonly asked: { bytes: number; signal: AbortSignal; answer: (bytes: number) => void; fail: (error: unknown) => void }[] = [];

  constructor(readonly name = 'slow') {}

  reclaim(bytes: number, signal: AbortSignal): Promise<number> {
    return new Promise((answer, fail) => this.asked.push({ bytes, signal, answer, fail }));
  }
}

class World {
  readonly clock = new FakeClock();
  readonly degraded: SpillwayError[] = [];
  readonly all = new Reclaimers((error) => this.degraded.push(error));
  readonly asked: [string, number][] = [];

  /** Gives so much each time it is asked. */
  add(name: string, answer: (bytes: number, signal: AbortSignal) => unknown): Disposable {
    return this.all.add({
      name,
      reclaim: (bytes, signal) => {
        this.asked.push([name, bytes]);
        return answer(bytes, signal) as number;
      },
    });
  }

  run(bytes: number, given: Partial<ReclaimRequest> = {}): Promise<Reclaimed[]> {
    return this.all.run({ bytes, budgetMs: Infinity, clock: this.clock, ...given });
  }
}

let world: World;
beforeEach(() => (world = new World()));

describe('add', () => {
  it.each<[string, unknown]>([
    ['nothing', null], ['a function', () => 1], ['no name', { reclaim: () => 1 }], ['an empty name', { name: '', reclaim: () => 1 }], ['two lines', { name: 'a\nb', reclaim: () => 1 }],
    ['a number as name', { name: 5, reclaim: () => 1 }], ['no reclaim()', { name: 'a' }], ['a reclaim that is no function', { name: 'a', reclaim: 5 }],
  ])('refuses %s', (_, reclaimer) => {
    expect(errorOf(() => world.all.add(reclaimer as Reclaimer))).toMatchObject({ code: 'ERR_SPILLWAY_INVALID_OPTION' });
  });

  it('refuses one that is in already, and takes it again when it was taken out', async () => {
    const reclaimer = { name: 'cache', reclaim: () => 1 };
    const added = world.all.add(reclaimer);
    expect(errorOf(() => world.all.add(reclaimer))).toMatchObject({ code: 'ERR_SPILLWAY_INVALID_OPTION', message: expect.stringContaining('"cache"') as string });
    added[Symbol.dispose]();
    const again = world.all.add(reclaimer);
    added[Symbol.dispose](); // of before: means nothing any more
    expect(await world.run(1)).toHaveLength(1);
    again[Symbol.dispose]();
    expect(await world.run(1)).toEqual([]);
  });

  it('takes two of one name, and class instances, called as methods', async () => {
    class Cache implements Reclaimer {
      readonly name = 'cache';
      #idle = 10;

      reclaim(): number {
        return this.#idle;
      }
    }
    world.all.add(new Cache());
    world.all.add(new Cache());
    expect(await world.run(15)).toMatchObject([{ name: 'cache', askedBytes: 15, givenBytes: 10 }, { name: 'cache', askedBytes: 5, givenBytes: 10 }]);
  });
});

describe('run', () => {
  it('in order of registration, each for what is missing, until it is enough', async () => {
    world.add('a', () => 30);
    world.add('b', () => Promise.resolve(0));
    world.add('c', () => Promise.resolve(80));
    world.add('d', () => 5);
    expect(await world.run(100)).toEqual([
      { name: 'a', askedBytes: 100, givenBytes: 30, tookMs: 0 }, { name: 'b', askedBytes: 70, givenBytes: 0, tookMs: 0 }, { name: 'c', askedBytes: 70, givenBytes: 80, tookMs: 0 },
    ]);
  });

  it('one after the other: the second is not asked before the first has answered', async () => {
    const [first, second] = [new Slow('first'), new Slow('second')];
    world.all.add(first);
    world.all.add(second);
    const running = world.run(10);
    await settle();
    expect([first.asked.length, second.asked.length]).toEqual([1, 0]);
    world.clock.advance(7);
    first.asked[0]?.answer(4);
    await settle();
    expect(second.asked).toMatchObject([{ bytes: 6 }]);
    second.asked[0]?.answer(6);
    expect(await running).toMatchObject([{ tookMs: 7 }, { tookMs: 0 }]);
    expect(first.asked[0]?.signal.aborted).toBe(false);
  });

  it.each([[0, Infinity], [-1, Infinity], [10, 0]])('nobody is asked for %d bytes within %d ms', async (bytes, budgetMs) => {
    world.add('a', () => 1);
    expect(await world.run(bytes, { budgetMs })).toEqual([]);
  });

  it('where nobody is registered there is no timer to wait for, or to take away', async () => {
    const wait = jest.spyOn(world.clock, 'wait');
    expect(await world.run(1)).toEqual([]);
    expect(wait).not.toHaveBeenCalled();
  });

  it('nobody is asked when it is stopped already', async () => {
    world.add('a', () => 1);
    expect(await world.run(1, { signal: AbortSignal.abort() })).toEqual([]);
    expect(world.asked).toEqual([]);
  });

  it('the budget is for all together; the one that is late has its signal fired and is recorded, the rest is not asked', async () => {
    const slow = new Slow();
    world.add('quick', () => {
      world.clock.nowMs += 30;
      return 1;
    });
    world.all.add(slow);
    world.add('never', () => 1);
    const running = world.run(100, { budgetMs: 50 });
    await settle();
    world.clock.advance(20);
    expect(await running).toEqual([
      { name: 'quick', askedBytes: 100, givenBytes: 1, tookMs: 30 },
      { name: 'slow', askedBytes: 99, givenBytes: 0, tookMs: 20, error: 'it did not return within the budget of 50 ms' },
    ]);
    expect(slow.asked[0]?.signal.aborted).toBe(true);
    expect(world.clock.waits.size).toBe(0);
    slow.asked[0]?.fail(new Error('too late to matter'));
    await settle();
    expect(world.degraded).toEqual([]);
  });

  it('a synchronous one that blocks beyond the budget has given what it gave; nobody else is asked', async () => {
    world.add('blocks', () => {
      world.clock.advance(400);
      return 7;
    });
    world.add('never', () => 1);
    expect(await world.run(100, { budgetMs: 50 })).toEqual([{ name: 'blocks', askedBytes: 100, givenBytes: 7, tookMs: 400 }]);
  });

  it('leaves neither timer nor listener when it ends by itself', async () => {
    const controller = new AbortController();
    const [added, removed] = [jest.spyOn(controller.signal, 'addEventListener'), jest.spyOn(controller.signal, 'removeEventListener')];
    world.add('a', () => Promise.resolve(9));
    await world.run(5, { budgetMs: 50, signal: controller.signal });
    expect(world.clock.waits.size).toBe(0);
    expect(removed.mock.calls.map(([name]) => name)).toEqual(added.mock.calls.map(([name]) => name));
  });

  it('stopped from outside: the signal of the one that is busy has fired when abort() returns', async () => {
    const controller = new AbortController();
    const slow = new Slow();
    world.all.add(slow);
    const running = world.run(5, { signal: controller.signal });
    controller.abort();
    expect(slow.asked[0]?.signal.aborted).toBe(true);
    expect(await running).toMatchObject([{ givenBytes: 0, error: 'it was still busy when the run was stopped' }]);
  });

  it('one that rejects when its signal fires is late, not failing', async () => {
    world.add('obeys', (_, signal) => new Promise((_resolve, reject) => {
      signal.addEventListener('abort', () => { reject(new Error('aborted')); });
    }));
    const controller = new AbortController();
    const running = world.run(5, { signal: controller.signal });
    controller.abort();
    expect(await running).toMatchObject([{ error: 'it was still busy when the run was stopped' }]);
    expect(world.degraded).toEqual([]);
  });

  it('one that is still busy is not called again, even under a new registration, until it has returned', async () => {
    const slow = new Slow();
    const added = world.all.add(slow);
    world.add('other', () => 1);
    const controller = new AbortController();
    const first = world.run(5, { signal: controller.signal });
    controller.abort();
    // In the same turn, as a relief round does.
    const second = world.run(5);
    expect(await second).toMatchObject([{ name: 'slow', givenBytes: 0, error: 'it was still busy with the run before' }, { name: 'other', askedBytes: 5 }]);
    await first;
    added[Symbol.dispose]();
    world.all.add(slow);
    await world.run(5);
    expect(slow.asked).toHaveLength(1);
    slow.asked[0]?.answer(3);
    await settle();
    world.asked.splice(0);
    const third = world.run(5);
    await settle();
    slow.asked[1]?.answer(5);
    // Added anew, so it is the last one.
    expect(await third).toMatchObject([{ name: 'other', givenBytes: 1 }, { name: 'slow', askedBytes: 4, givenBytes: 5 }]);
    expect(world.degraded).toEqual([]);
  });

  it('one that starts a run itself is not called by it', async () => {
    let inner: Promise<Reclaimed[]> | undefined;
    world.add('a', () => {
      inner ??= world.run(5);
      return 5;
    });
    await world.run(5);
    expect(await inner).toMatchObject([{ error: 'it was still busy with the run before' }]);
  });
});

describe('one that fails', () => {
  const unprintable = { toString: () => { throw new Error('no'); } };
  it.each<[string, () => unknown, string]>([
    ['throws', () => { throw new Error('broken'); }, 'Error: broken'],
    ['rejects', () => Promise.reject(new Error('broken')), 'Error: broken'],
    // eslint-disable-next-line @typescript-eslint/only-throw-error -- anything can be thrown
    ['throws what has no text', () => { throw unprintable; }, 'something that has no text'],
    ['returns NaN', () => NaN, 'NaN'],
    ['returns a negative number', () => -1, '-1'],
    ['returns a fraction', () => 1.5, '1.5'],
    ['returns a string', () => '5', '"5"'],
    ['returns nothing', () => undefined, 'undefined'],
    ['returns null', () => null, 'null'],
    ['returns too much', () => 2 ** 53, '9007199254740992'],
    ['resolves with nonsense', () => Promise.resolve('much'), '"much"'],
    ['resolves with nothing', () => Promise.resolve(), 'undefined'],
    ['returns an object', () => ({}), 'an object'],
    ['has a then() that throws', () => ({ then: () => { throw new Error('broken'); } }), 'Error: broken'],
  ])('%s: recorded, told once, and the next one is asked for all of it', async (_, answer, text) => {
    world.add('bad', answer);
    world.add('good', () => 4);
    const expected = [{ name: 'bad', askedBytes: 9, givenBytes: 0, error: expect.stringContaining(text) as string }, { name: 'good', askedBytes: 9, givenBytes: 4 }];
    expect(await world.run(9)).toMatchObject(expected);
    expect(await world.run(9)).toMatchObject(expected);
    expect(world.degraded).toMatchObject([{ code: 'ERR_SPILLWAY_RECLAIMER_FAILED', message: expect.stringContaining('"bad"') as string }]);
  });

  it('is told again after it has worked in between', async () => {
    let works = false;
    world.add('a', () => (works ? 1 : NaN));
    for (works of [false, false, true, false, false]) await world.run(5);
    expect(world.degraded).toHaveLength(2);
  });
});

describe('changes during a run', () => {
  it('one that was taken out is not asked any more, one that is added waits for the next run', async () => {
    world.add('first', () => {
      second[Symbol.dispose]();
      world.add(`new ${world.asked.length}`, () => 1);
      return 1;
    });
    const second = world.add('second', () => 1);
    expect((await world.run(9)).map(({ name }) => name)).toEqual(['first']);
    expect((await world.run(9)).map(({ name }) => name)).toEqual(['first', 'new 1']);
  });

  it('one that takes itself out and in again is asked once', async () => {
    const reclaimer: Reclaimer = {
      name: 'restless',
      reclaim: () => {
        added[Symbol.dispose]();
        added = world.all.add(reclaimer);
        return 0;
      },
    };
    let added = world.all.add(reclaimer);
    expect(await world.run(9)).toHaveLength(1);
  });
});

it('for any answers: order, sums and the end are right', async () => {
  const answers = fc.array(fc.oneof(fc.nat(50), fc.constantFrom(-1, NaN, 'x', undefined)), { maxLength: 8 });
  await fc.assert(fc.asyncProperty(answers, fc.array(fc.boolean()), fc.integer({ min: 1, max: 120 }), async (given, later, bytes) => {
    world = new World();
    given.forEach((answer, place) => world.add(String(place), () => (later[place] === true ? Promise.resolve(answer) : answer)));
    const results = await world.run(bytes);
    let missing = bytes;
    results.forEach(({ name, askedBytes, givenBytes, error }, place) => {
      const answer = given[place];
      const isGood = typeof answer === 'number' && answer >= 0;
      expect({ name, askedBytes, givenBytes, failed: error !== undefined }).toEqual({ name: String(place), askedBytes: missing, givenBytes: isGood ? answer : 0, failed: !isGood });
      expect(missing).toBeGreaterThan(0);
      missing -= givenBytes;
    });
    if (results.length < given.length) expect(missing).toBeLessThanOrEqual(0);
  }));
});
