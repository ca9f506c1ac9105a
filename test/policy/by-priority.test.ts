import { byPriority, type Candidate } from '../../lib/policy';
import { candidate, idsOf, need } from './candidates';
import { itComparesInPairs, itObeysTheLaws } from './policy-laws';

const rank = (priorities: Record<string, unknown>): string[] =>
  idsOf(byPriority().rank(Object.entries(priorities).map(([id, priority]) => candidate(id, { priority } as Partial<Candidate>)), need(1)));

describe('byPriority', () => {
  it('ranks the lowest priority first, whatever else is true of a worker', () => {
    const three = [
      candidate('idle', { priority: 2, idle: true, retriable: true, startedAtMs: 9 }),
      candidate('low', { priority: -1.5, kind: 'service' }),
      candidate('none'),
    ];
    expect(byPriority().rank(three, need(1))).toEqual([
      { id: 'low', reason: 'priority -1.5, the lowest of 3' },
      { id: 'none', reason: 'no priority, which counts as 0' },
      { id: 'idle', reason: 'priority 2' },
    ]);
  });

  it('counts none as 0, and what is no number too', () => {
    expect(rank({ e: 1, d: 0, c: NaN, b: null, a: undefined, '-': -1 })).toEqual(['-', 'a', 'b', 'c', 'd', 'e']);
  });

  it('takes infinite priorities as the last and the first', () => {
    expect(rank({ last: Infinity, max: Number.MAX_VALUE, min: -Number.MAX_VALUE, first: -Infinity })).toEqual(['first', 'min', 'max', 'last']);
  });

  it('among equals ranks retriable first, then the newest', () => {
    const three = [candidate('old', { priority: 0 }), candidate('new', { startedAtMs: 1 }), candidate('retriable', { retriable: true })];
    expect(byPriority().rank(three, need(1))).toEqual([
      { id: 'retriable', reason: 'no priority, which counts as 0, the lowest of 3; can be retried' },
      { id: 'new', reason: 'no priority, which counts as 0, the lowest of 3; cannot be retried, started last of 2 such workers' },
      { id: 'old', reason: 'priority 0, the lowest of 3; cannot be retried, started 1 ms before the newest of 2 such workers' },
    ]);
  });

  itObeysTheLaws(byPriority());
  itComparesInPairs(byPriority());
});
