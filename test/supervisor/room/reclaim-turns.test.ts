import fc from 'fast-check';
import { ReclaimTurns } from '../../../lib/supervisor/room/reclaim-turns';
import { Reclaimers, type Reclaimer } from '../../../lib/supervisor/room/reclaimers';
import { FakeClock } from '../../support/fixture-pool';

/** Idle things of one byte each, by the time of their last use; gives what it is asked for, as a cache would. */
class Shelf implements Reclaimer {
  readonly given: number[] = [];

  constructor(
    readonly name: string,
    readonly ages: number[],
    private readonly log: number[] = [],
  ) {
    ages.sort((a, b) => a - b);
  }

  get idleSinceMs(): number | undefined {
    return this.ages[0];
  }

  reclaim(bytes: number, _: AbortSignal, idleBeforeMs = Infinity): number {
    let given = 0;
    while (given < bytes && this.ages[0] !== undefined && this.ages[0] < idleBeforeMs) {
      this.log.push(this.ages.shift() ?? NaN);
      given += 1;
    }
    return given;
  }
}

const run = (reclaimers: readonly Reclaimer[], bytes: number) => {
  const all = new Reclaimers(() => undefined);
  for (const each of reclaimers) all.add(each);
  return all.run({ bytes, budgetMs: Infinity, clock: new FakeClock() });
};

it('asks who has the oldest, and only for what is older than the others have', async () => {
  const log: number[] = [];
  const [a, b] = [new Shelf('a', [1, 2, 7], log), new Shelf('b', [3, 4, 8], log)];
  const results = await run([b, a], 5);
  expect(log).toEqual([1, 2, 3, 4, 7]);
  expect(results.map(({ name, askedBytes, givenBytes }) => [name, askedBytes, givenBytes])).toEqual([['a', 5, 2], ['b', 3, 2], ['a', 1, 1]]);
});

it('together they are one least-recently-used list, whatever is on which shelf', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(fc.integer({ min: 0, max: 3 }), fc.integer({ min: -5, max: 50 })), { maxLength: 40 }), fc.integer({ min: 1, max: 50 }), async (things, bytes) => {
      const log: number[] = [];
      const shelves = [0, 1, 2, 3].map((shelf) => new Shelf(String(shelf), things.filter(([on]) => on === shelf).map(([, age]) => age), log));
      await run(shelves, bytes);
      const inOrder = things.map(([, age]) => age).sort((a, b) => a - b);
      expect(log).toEqual(inOrder.slice(0, bytes));
    }),
  );
});

it('asks those that tell no age last, in order of registration, once', async () => {
  const names: string[] = [];
  const plain = (name: string): Reclaimer => ({ name, reclaim: () => (names.push(name), 0) });
  const shelf = new Shelf('shelf', [5]);
  const empty = new Shelf('empty', []);
  const results = await run([plain('x'), empty, plain('y'), shelf], 3);
  expect(results.map(({ name }) => name)).toEqual(['shelf', 'x', 'y']);
  expect(names).toEqual(['x', 'y']);
});

it.each<[string, Partial<Reclaimer>, number]>([
  ['gives nothing', { idleSinceMs: 1, reclaim: () => 0 }, 1],
  ['gives a little, and its age stays', { idleSinceMs: 1, reclaim: () => 1 }, 1],
  ['fails', { idleSinceMs: 1, reclaim: () => { throw new Error('no'); } }, 1],
  ['has an age that is no number', { idleSinceMs: 'x' as unknown as number, reclaim: () => 1 }, 0],
  ['has NaN as its age', { idleSinceMs: NaN, reclaim: () => 1 }, 0],
  ['is older than all time', { idleSinceMs: -Infinity, reclaim: () => 1 }, 0],
  ['has an age that throws', { get idleSinceMs(): number { throw new Error('no'); }, reclaim: () => 1 }, 0],
])('one that %s is not asked for ever', async (_, given, times) => {
  const odd = { name: 'odd' };
  Object.defineProperties(odd, Object.getOwnPropertyDescriptors(given));
  expect(await run([odd as Reclaimer], 100)).toHaveLength(times);
});

it('one whose age goes back is not asked again', () => {
  const odd = { name: 'odd', idleSinceMs: 5, reclaim: () => 1 };
  const entry = { reclaimer: odd };
  const turns = new ReclaimTurns([entry]);
  expect(turns.next()).toEqual({ entry, idleBeforeMs: Infinity });
  odd.idleSinceMs = 4;
  expect(turns.next()).toBeUndefined();
  odd.idleSinceMs = 6;
  expect(turns.next()).toEqual({ entry, idleBeforeMs: Infinity });
});
