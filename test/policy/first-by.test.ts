import fc from 'fast-check';
import { SpillwayError } from '../../lib/errors';
import { byOwner, byPriority, byStartTime, type Candidate, firstBy, largestFirst, newestFirst, oldestFirst, type Order, protect } from '../../lib/policy';
import { arbitraryCandidates, candidate, idsOf, MiB, need } from './candidates';
import { itComparesInPairs, itObeysTheLaws } from './policy-laws';

const freePlanFirst: Order = {
  name: 'freePlanFirst',
  criteria: [{ key: ({ labels }) => (labels?.['plan'] === 'free' ? 0 : 1), explain: ({ labels }) => `plan ${labels?.['plan'] ?? 'none'}` }],
};
const rank = (order: Order, candidates: readonly Candidate[]): string[] => idsOf(firstBy(order).rank(candidates, need(1)));

describe('firstBy', () => {
  it('lets the next policy decide among those that are equal for the one before', () => {
    const four = [
      candidate('low large', { priority: 1, freeableBytes: 300 * MiB }),
      candidate('low small', { priority: 1, freeableBytes: 200 * MiB, retriable: true, startedAtMs: 9 }),
      candidate('high', { priority: 5, freeableBytes: 900 * MiB }),
      candidate('low small old', { priority: 1, freeableBytes: 200 * MiB, retriable: true }),
    ];
    const policy = firstBy(byPriority(), largestFirst());
    expect(policy.name).toBe('firstBy(byPriority, largestFirst)');
    expect(policy.rank(four, need(1))).toEqual([
      { id: 'low large', reason: 'priority 1, the lowest of 4; would free 300 MiB, the most of 3' },
      { id: 'low small', reason: 'priority 1, the lowest of 4; would free 200 MiB, started last of 2 such workers' },
      { id: 'low small old', reason: 'priority 1, the lowest of 4; would free 200 MiB, started 9 ms before the newest of 2 such workers' },
      { id: 'high', reason: 'priority 5, would free 900 MiB' },
    ]);
  });

  it('puts a priority before the default order', () => {
    const three = [candidate('idle', { idle: true }), candidate('busy', { priority: -1 }), candidate('retriable', { retriable: true })];
    expect(idsOf(firstBy(byPriority(), byStartTime()).rank(three, need(1)))).toEqual(['busy', 'idle', 'retriable']);
  });

  it('takes an order of your own', () => {
    const three = [candidate('a', { labels: { plan: 'paid' } }), candidate('b', { startedAtMs: 5 }), candidate('c', { labels: { plan: 'free' } })];
    expect(firstBy(freePlanFirst, newestFirst()).rank(three, need(1))).toEqual([
      { id: 'c', reason: 'plan free, cannot be retried, the only such worker' },
      { id: 'b', reason: 'plan none, cannot be retried, started last of 2 such workers' },
      { id: 'a', reason: 'plan paid, cannot be retried, started 5 ms before the newest of 2 such workers' },
    ]);
  });

  it('counts a key that is no number as Infinity', () => {
    const keys: Record<string, unknown> = { nan: NaN, none: undefined, null: null, text: '1', one: 1, last: Infinity, first: -Infinity };
    const order: Order = { name: 'odd', criteria: [{ key: ({ id }) => keys[id] as number, explain: ({ id }) => `key of ${id}` }] };
    expect(rank(order, Object.keys(keys).map((id) => candidate(id)))).toEqual(['first', 'one', 'last', 'nan', 'none', 'null', 'text']);
  });

  it('says the same only once', () => {
    const [ranked] = firstBy(newestFirst(), oldestFirst(), byPriority()).rank([candidate('a')], need(1));
    expect(ranked?.reason).toBe('cannot be retried, the only such worker, no priority, which counts as 0');
  });

  it('of one is that one; in another it stands for its members', () => {
    const nested = firstBy(firstBy(byPriority(), largestFirst()), oldestFirst());
    const flat = firstBy(byPriority(), largestFirst(), oldestFirst());
    fc.assert(
      fc.property(arbitraryCandidates, (candidates) => {
        for (const policy of [newestFirst(), oldestFirst(), largestFirst(), byPriority()]) {
          expect(firstBy(policy).rank(candidates, need(1))).toEqual(policy.rank(candidates, need(1)));
        }
        expect(nested.rank(candidates, need(1))).toEqual(flat.rank(candidates, need(1)));
      }),
    );
  });

  it.each([
    ['nothing', [], 'at least one policy'],
    ['byOwner()', [byPriority(), byOwner()], '"byOwner"'],
    ['protect()', [protect(byStartTime(), () => false)], '"protect(byStartTime)"'],
    ['a list', [[byPriority()]], 'an array'],
    ['null', [null], 'null'],
    ['no criteria', [{ name: 'empty', criteria: [] }], '"empty"'],
    ['half a criterion', [{ name: 'half', criteria: [{ key: () => 0 }] }], '"half"'],
  ])('refuses %s', (_, orders, message) => {
    const build = (): unknown => firstBy(...(orders as Order[]));
    expect(build).toThrow(SpillwayError);
    expect(build).toThrow(message);
  });

  const all = firstBy(freePlanFirst, byPriority(), byStartTime({ idleBytes: 10 }), largestFirst(), oldestFirst());
  itObeysTheLaws(all);
  itComparesInPairs(all);
});
