import { newestFirst } from '../../lib/policy';
import { candidate, need } from './candidates';
import { itComparesInPairs, itObeysTheLaws } from './policy-laws';

describe('newestFirst', () => {
  it('ranks retriable workers first, then the newest start, and says so', () => {
    const five = [
      candidate('final', { startedAtMs: 9000 }),
      candidate('old', { retriable: true, startedAtMs: 1000 }),
      candidate('new', { retriable: true, startedAtMs: 3000 }),
      candidate('twin', { retriable: true, startedAtMs: 3000 }),
      candidate('unknown', { retriable: true, startedAtMs: NaN }),
    ];
    expect(newestFirst().rank(five, need(1))).toEqual([
      { id: 'new', reason: 'can be retried, started last of 4 such workers' },
      { id: 'twin', reason: 'can be retried, started at the same time as the newest of 4 such workers' },
      { id: 'old', reason: 'can be retried, started 2 s before the newest of 4 such workers' },
      { id: 'unknown', reason: 'can be retried, its start is not known' },
      { id: 'final', reason: 'cannot be retried, the only such worker' },
    ]);
  });

  itObeysTheLaws(newestFirst());
  itComparesInPairs(newestFirst());
});
