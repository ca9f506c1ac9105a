import fc from 'fast-check';
import { SpillwayError } from '../../lib/errors';
import { byOwner, type Candidate } from '../../lib/policy';
import { arbitraryCandidates, candidate, GiB, idsOf, MiB, need } from './candidates';
import { itObeysTheLaws } from './policy-laws';

const anyNeed = need(1);
const owned = (id: string, owner: string | undefined, startedAtMs: number, given = {}): Candidate =>
  candidate(id, { retriable: true, startedAtMs, ...(owner !== undefined && { owner }), ...given });

describe('byOwner', () => {
  it('takes from the largest owner, says how many it has left, and which is the last', () => {
    const pool = [
      owned('a1', 'a', 1), owned('a2', 'a', 2), owned('a3', 'a', 3), owned('b1', 'b', 9), owned('none', undefined, 5),
      candidate('final', { owner: 'a', startedAtMs: 8 }), candidate('idle', { idle: true }),
    ];
    expect(byOwner().rank(pool, anyNeed)).toEqual([
      { id: 'idle', reason: 'idle, so no work is lost; would free 100 MiB' },
      { id: 'a3', reason: 'can be retried, the newest of 3 such workers of "a"' },
      { id: 'a2', reason: 'can be retried, the newest of 2 such workers of "a"' },
      { id: 'b1', reason: 'not to be retried: the last worker of "b" that could be, it would meet the same shortage' },
      { id: 'none', reason: 'not to be retried: the last worker without owner that could be, it would meet the same shortage' },
      { id: 'a1', reason: 'not to be retried: the last worker of "a" that could be, it would meet the same shortage' },
      { id: 'final', reason: 'cannot be retried, the only such worker' },
    ]);
  });

  it('compares owners with as many workers by their oldest, not by their newest', () => {
    const pool = [owned('a1', 'a', 1), owned('a9', 'a', 9), owned('b2', 'b', 2), owned('b3', 'b', 3)];
    expect(idsOf(byOwner().rank(pool, anyNeed))).toEqual(['b3', 'a9', 'b2', 'a1']);
  });

  it('puts those without owner into one group, and tells it from an owner without a name', () => {
    const pool = [owned('x', undefined, 3), owned('y', undefined, 2), owned('z', '', 1), candidate('n', { retriable: true, owner: null } as unknown as Candidate)];
    expect(byOwner().rank(pool, anyNeed).map(({ id, reason }) => `${id}: ${reason}`)).toEqual([
      'x: can be retried, the newest of 3 such workers without owner',
      'y: can be retried, the newest of 2 such workers without owner',
      'z: not to be retried: the last worker of "" that could be, it would meet the same shortage',
      'n: not to be retried: the last worker without owner that could be, it would meet the same shortage',
    ]);
  });

  it('keeps small idle workers for the end, when told to', () => {
    const pool = [candidate('cold', { idle: true, freeableBytes: MiB }), candidate('warm', { idle: true, freeableBytes: GiB }), candidate('busy')];
    expect(idsOf(byOwner().rank(pool, anyNeed))).toEqual(['warm', 'cold', 'busy']);
    expect(idsOf(byOwner({ idleBytes: '1GiB' }).rank(pool, anyNeed))).toEqual(['warm', 'busy', 'cold']);
  });

  it('keeps the name of an owner on one line', () => {
    const [ranked] = byOwner().rank([owned('a', 'x\n\u0085\u2028y', 1)], anyNeed);
    expect(ranked?.reason).toMatch(/of "x\\n {2}y" that/);
  });

  it('is what taking one and asking again gives', () => {
    fc.assert(
      fc.property(arbitraryCandidates, (given) => {
        const busy = given.map((each) => ({ ...each, idle: false, retriable: true }));
        let left: Candidate[] = busy;
        for (const { id } of byOwner().rank(busy, anyNeed)) {
          expect(id).toBe(nextByRay(left));
          left = left.filter((each) => each.id !== id);
        }
      }),
    );
  });

  it.each([[{ idleBytes: -1 }], [{ idlebytes: 1 }], [null]])('refuses %p', (options) => {
    expect(() => byOwner(options as never)).toThrow(SpillwayError);
    expect(() => byOwner(options as never)).toThrow(/'idleBytes'|byOwner/);
  });

  itObeysTheLaws(byOwner());
});

describe('byOwner with warm spares', () => {
  itObeysTheLaws(byOwner({ idleBytes: 10 }));
});

/** The rule in its plain form: sort the groups, take the newest of the top one. */
function nextByRay(candidates: readonly Candidate[]): string | undefined {
  const startOf = ({ startedAtMs }: Candidate): number => (Number.isFinite(startedAtMs) ? startedAtMs : -Infinity);
  const byStart = (a: Candidate, b: Candidate): number => (startOf(a) === startOf(b) ? (a.id < b.id ? -1 : 1) : startOf(a) > startOf(b) ? -1 : 1);
  const owners = [...new Set(candidates.map(({ owner }) => owner ?? undefined))];
  const groups = owners.map((owner) => candidates.filter((each) => (each.owner ?? undefined) === owner).sort(byStart));
  const oldest = (group: Candidate[]): Candidate => group.at(-1) ?? candidate('');
  const [top] = groups.sort((a, b) => b.length - a.length || byStart(oldest(a), oldest(b)));
  return top?.[0]?.id;
}
