import fc from 'fast-check';
import { SpillwayError } from '../../lib/errors';
import { byOwner, byStartTime, type KillPolicy, protect, selectVictims } from '../../lib/policy';
import { arbitraryCandidates, candidate, idsOf, need, twoOrders } from './candidates';

describe('protect', () => {
  const three = [candidate('a', { startedAtMs: 1 }), candidate('database', { startedAtMs: 3 }), candidate('b', { startedAtMs: 2 })];
  const policy = protect(byStartTime(), ({ id }) => id === 'database');

  it('leaves out who is protected, and keeps the order of the rest', () => {
    expect(policy.name).toBe('protect(byStartTime)');
    expect(idsOf(policy.rank(three, need(1)))).toEqual(['b', 'a']);
  });

  it('is never chosen, whatever the need', () => {
    expect(idsOf(selectVictims(policy.rank(three, need(Infinity)), three, need(Infinity)))).toEqual(['b', 'a']);
    expect(protect(byStartTime(), () => true).rank(three, need(1))).toEqual([]);
  });

  it('counts the protected in the reasons of the others', () => {
    const twoOfOne = ['a', 'b'].map((id, startedAtMs) => candidate(id, { owner: 'o', retriable: true, startedAtMs }));
    expect(protect(byOwner(), ({ id }) => id === 'a').rank(twoOfOne, need(1))).toEqual([
      { id: 'b', reason: 'can be retried, the newest of 2 such workers of "o"' },
    ]);
  });

  it('wraps a policy that is an object with state of its own', () => {
    class Mine implements KillPolicy {
      readonly name = 'mine';
      readonly #reason = 'because';
      rank(candidates: Parameters<KillPolicy['rank']>[0]): ReturnType<KillPolicy['rank']> {
        return candidates.map(({ id }) => ({ id, reason: this.#reason }));
      }
    }
    expect(protect(new Mine(), ({ id }) => id !== 'a').rank(three, need(1))).toEqual([{ id: 'a', reason: 'because' }]);
  });

  it('is the ranking without the protected, in every input order', () => {
    fc.assert(
      fc.property(twoOrders, ({ one, other }) => {
        const services = protect(byStartTime(), ({ kind }) => kind === 'service');
        const tasks = new Set(idsOf(one.filter(({ kind }) => kind === 'task')));
        expect(services.rank(one, need(1))).toEqual(byStartTime().rank(one, need(1)).filter(({ id }) => tasks.has(id)));
        expect(services.rank(other, need(1))).toEqual(services.rank(one, need(1)));
      }),
    );
  });

  it('protecting nobody changes nothing', () => {
    fc.assert(
      fc.property(arbitraryCandidates, (candidates) => {
        expect(protect(byOwner(), () => false).rank(candidates, need(1))).toEqual(byOwner().rank(candidates, need(1)));
      }),
    );
  });

  it.each([
    [null, Boolean],
    [{ name: 'x' }, Boolean],
    [{ rank: Array }, Boolean],
    [byStartTime(), undefined],
    [byStartTime(), 'database'],
  ])('refuses %p and %p', (given, isProtected) => {
    expect(() => protect(given as KillPolicy, isProtected as () => boolean)).toThrow(SpillwayError);
  });
});
