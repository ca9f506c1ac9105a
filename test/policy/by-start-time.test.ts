import fc from 'fast-check';
import { SpillwayError } from '../../lib/errors';
import { byStartTime, type Candidate } from '../../lib/policy';
import { arbitraryCandidates, candidate, GiB, idsOf, MiB, need } from './candidates';
import { itComparesInPairs, itObeysTheLaws } from './policy-laws';

const anyNeed = need(1);
const rank = (candidates: readonly Candidate[], idleBytes = 0): string[] => idsOf(byStartTime({ idleBytes }).rank(candidates, anyNeed));
const idle = (freeableBytes: number | undefined): Partial<Candidate> => ({ idle: true, freeableBytes });

describe('byStartTime', () => {
  it('by default kills an idle worker of 900 MiB before busy work', () => {
    expect(byStartTime().rank([candidate('busy', { retriable: true }), candidate('idle', idle(900 * MiB))], anyNeed)[0]?.id).toBe('idle');
  });

  it('tells the starts apart in words, without a clock', () => {
    const starts = { a: 5000, b: 5000, c: 4999.5, d: 2900, e: NaN };
    const ranked = byStartTime().rank(Object.entries(starts).map(([id, startedAtMs]) => candidate(id, { startedAtMs })), anyNeed);
    expect(ranked.map(({ reason }) => reason.replace('busy with a task that cannot be retried, ', ''))).toEqual([
      'started last of 5 such workers',
      'started at the same time as the newest of 5 such workers',
      'started less than 1 ms before the newest of 5 such workers',
      'started 2.1 s before the newest of 5 such workers',
      'its start is not known',
    ]);
  });

  it('explains idle workers and spares', () => {
    const three = [candidate('a', idle(3 * GiB)), candidate('b', idle(2 * GiB)), candidate('c', idle(412 * MiB)), candidate('d', idle(undefined))];
    expect(byStartTime({ idleBytes: '1GiB' }).rank(three, anyNeed)).toEqual([
      { id: 'a', reason: 'idle, so no work is lost; would free 3 GiB, the most of 2' },
      { id: 'b', reason: 'idle, so no work is lost; would free 2 GiB' },
      { id: 'c', reason: 'idle, but below idleBytes (1 GiB), so busy workers go first; would free 412 MiB, the most of 2' },
      { id: 'd', reason: 'idle, but below idleBytes (1 GiB), so busy workers go first; how much it would free is not known' },
    ]);
  });

  it('says of a size that is no amount that it is not known', () => {
    for (const freeableBytes of [NaN, -1, Infinity, null] as number[]) {
      expect(byStartTime().rank([candidate('a', idle(freeableBytes))], anyNeed)[0]?.reason).toBe('idle, so no work is lost; how much it would free is not known');
    }
  });

  it('tells busy workers apart by what can be lost', () => {
    const four = [candidate('a'), candidate('b', { kind: 'service' }), candidate('c', { retriable: true }), candidate('d', { retriable: true, kind: 'service' })];
    expect(byStartTime().rank(four, anyNeed)).toEqual([
      { id: 'c', reason: 'busy with a task that can be retried, the only such worker' },
      { id: 'd', reason: 'busy as a service that can be retried, the only such worker' },
      { id: 'a', reason: 'busy with a task that cannot be retried, the only such worker' },
      { id: 'b', reason: 'busy as a service that cannot be retried, the only such worker' },
    ]);
  });

  it.each([
    [{ idleBytes: -1 }, "Expected option 'idleBytes'"],
    [{ idleBytes: '1 gig' }, "Expected option 'idleBytes'"],
    [{ idleBytes: null }, "Expected option 'idleBytes'"],
    [{ idlebytes: 1 }, "did you mean 'idleBytes'?"],
    [null, 'Expected the options of byStartTime to be an object'],
  ])('refuses %p', (options, message) => {
    const build: (options: unknown) => unknown = byStartTime as (options: unknown) => unknown;
    expect(() => build(options)).toThrow(SpillwayError);
    expect(() => build(options)).toThrow(message);
  });

  it('ranks by the documented keys, in their order', () => {
    fc.assert(
      fc.property(arbitraryCandidates, fc.nat(25), (candidates, idleBytes) => {
        const byId = new Map(candidates.map((each) => [each.id, each]));
        const keys = rank(candidates, idleBytes).map((id) => {
          const { idle, retriable, kind, freeableBytes, startedAtMs } = byId.get(id) ?? candidate(id);
          const bytes = freeableBytes !== undefined && freeableBytes > 0 && freeableBytes < Infinity ? freeableBytes : 0;
          const newness = Number.isFinite(startedAtMs) ? startedAtMs : -Infinity;
          return idle
            ? [bytes >= idleBytes ? 0 : 2, -bytes, id]
            : [1, retriable ? 0 : 1, kind === 'task' ? 0 : 1, -newness, id];
        });
        for (const [index, key] of keys.slice(1).entries()) expect(isBefore(keys[index] ?? [], key)).toBe(true);
      }),
    );
  });

  itObeysTheLaws(byStartTime());
  itComparesInPairs(byStartTime());
});

describe('byStartTime with warm spares', () => {
  itObeysTheLaws(byStartTime({ idleBytes: 10 }));
  itComparesInPairs(byStartTime({ idleBytes: 10 }));
});

function isBefore(one: readonly (number | string)[], other: readonly (number | string)[]): boolean {
  const differing = one.findIndex((value, index) => value !== other[index]);
  const [a = '', b = ''] = [one[differing], other[differing]];
  return a < b;
}
