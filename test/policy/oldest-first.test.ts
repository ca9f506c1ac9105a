import { oldestFirst } from '../../lib/policy';
import { candidate, need } from './candidates';
import { itComparesInPairs, itObeysTheLaws } from './policy-laws';

describe('oldestFirst', () => {
  it('ranks retriable workers first, then the oldest start, and says so', () => {
    const five = [
      candidate('final', { startedAtMs: 0 }),
      candidate('old', { retriable: true, startedAtMs: 1000 }),
      candidate('twin', { retriable: true, startedAtMs: 1000 }),
      candidate('new', { retriable: true, startedAtMs: 3000 }),
      candidate('unknown', { retriable: true, startedAtMs: -Infinity }),
    ];
    expect(oldestFirst().rank(five, need(1))).toEqual([
      { id: 'old', reason: 'can be retried, started first of 4 such workers' },
      { id: 'twin', reason: 'can be retried, started at the same time as the oldest of 4 such workers' },
      { id: 'new', reason: 'can be retried, started 2 s after the oldest of 4 such workers' },
      { id: 'unknown', reason: 'can be retried, its start is not known' },
      { id: 'final', reason: 'cannot be retried, the only such worker' },
    ]);
  });

  itObeysTheLaws(oldestFirst());
  itComparesInPairs(oldestFirst());
});
