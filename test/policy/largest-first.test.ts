import { largestFirst } from '../../lib/policy';
import { candidate, idsOf, MiB, need } from './candidates';
import { itComparesInPairs, itObeysTheLaws } from './policy-laws';

describe('largestFirst', () => {
  it('ranks by what a death frees, and says so', () => {
    const sizes = { small: 20 * MiB, unknown: undefined, large: 412 * MiB, none: 0 };
    const four = Object.entries(sizes).map(([id, freeableBytes], startedAtMs) => candidate(id, { freeableBytes, startedAtMs: -startedAtMs }));
    expect(largestFirst().rank(four, need(1))).toEqual([
      { id: 'large', reason: 'would free 412 MiB, the most of 4' },
      { id: 'small', reason: 'would free 20 MiB' },
      { id: 'unknown', reason: 'how much it would free is not known, started last of 2 such workers' },
      { id: 'none', reason: 'would free 0 B, started 2 ms before the newest of 2 such workers' },
    ]);
  });

  it('among equals ranks retriable first, then the newest, then by id, and says what decided', () => {
    const five = [
      candidate('c'), candidate('b'), candidate('new', { startedAtMs: 5 }), candidate('retriable', { retriable: true }), candidate('tiny', { freeableBytes: 1 }),
    ];
    const ranked = largestFirst().rank(five, need(1));
    expect(idsOf(ranked)).toEqual(['retriable', 'new', 'b', 'c', 'tiny']);
    expect(ranked.map(({ reason }) => reason)).toEqual([
      'would free 100 MiB, the most of 5; can be retried',
      'would free 100 MiB, cannot be retried, started last of 3 such workers',
      'would free 100 MiB, cannot be retried, started 5 ms before the newest of 3 such workers',
      'would free 100 MiB, cannot be retried, started 5 ms before the newest of 3 such workers',
      'would free 1 B',
    ]);
  });

  itObeysTheLaws(largestFirst());
  itComparesInPairs(largestFirst());
});
