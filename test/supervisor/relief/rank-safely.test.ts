import fc from 'fast-check';
import { byStartTime, type Candidate, type KillPolicy } from '../../../lib/policy';
import { rankSafely } from '../../../lib/supervisor/relief/rank-safely';
import { arbitraryCandidates, candidate, idsOf, need } from '../../policy/candidates';

const candidates = [candidate('old'), candidate('new', { startedAtMs: 9, labels: { team: 'a' } })];
const fallback = byStartTime().rank(candidates, need(1));

/** A policy that returns anything. */
function policy(rank: (given: Candidate[]) => unknown, name: unknown = 'mine'): KillPolicy {
  return { name, rank } as unknown as KillPolicy;
}

const rejections: unknown[] = [];
const note = (reason: unknown): void => {
  rejections.push(reason);
};
beforeAll(() => process.on('unhandledRejection', note));
afterAll(() => process.off('unhandledRejection', note));

it('takes what a policy says, and nothing but id and reason', () => {
  const said = [{ id: 'old', reason: 'a', extra: 1n }, { id: 'new', reason: '' }];
  const { ranking, policy: name, policyError } = rankSafely(policy(() => said), candidates, need(1));
  expect({ ranking, name, policyError }).toEqual({ ranking: [{ id: 'old', reason: 'a' }, { id: 'new', reason: '' }], name: 'mine', policyError: undefined });
  expect(ranking[0]).not.toBe(said[0]);
});

it.each([
  ['nobody', []],
  ['some', [{ id: 'new', reason: 'r' }]],
  ['a frozen list', Object.freeze([Object.freeze({ id: 'old', reason: 'r' })])],
])('lets it protect: %s', (_what, said) => {
  expect(rankSafely(policy(() => said), candidates, need(1))).toEqual({ ranking: said, policy: 'mine' });
});

const ok = { id: 'old', reason: 'r' };
const unreadable = Object.defineProperty({ id: 'old' }, 'reason', { get: () => { throw new Error('trap'); } });
it.each<[string, () => unknown, string]>([
  ['nothing', () => undefined, 'it returned no list'],
  ['null', () => null, 'it returned no list'],
  ['a string', () => 'old', 'it returned no list'],
  ['an id', () => ok, 'it returned no list'],
  ['a Set', () => new Set([ok]), 'it returned no list'],
  ['something like a list', () => ({ length: 1, 0: ok }), 'it returned no list'],
  ['a promise', () => Promise.resolve([ok]), 'it returned a promise; rank() must return the list itself'],
  ['a promise that rejects', () => Promise.reject(new Error('later')), 'it returned a promise; rank() must return the list itself'],
  ['ids', () => ['old'], 'it returned an entry without id and reason'],
  ['a hole', () => new Array<unknown>(1), 'it returned an entry without id and reason'],
  ['null in the list', () => [ok, null], 'it returned an entry without id and reason'],
  ['no reason', () => [{ id: 'old' }], 'it returned an entry without id and reason'],
  ['a number for an id', () => [{ id: 1, reason: 'r' }], 'it returned an entry without id and reason'],
  ['candidates', (): unknown => candidates, 'it returned an entry without id and reason'],
  ['an unknown id', () => [{ id: 'no\nbody', reason: 'r' }], 'it returned "no\\nbody", which is no candidate or stands there twice'],
  ['a duplicate', () => [ok, { ...ok }], 'it returned "old", which is no candidate or stands there twice'],
  ['an entry that cannot be read', () => [unreadable], 'it threw Error: trap'],
  ['an error', () => { throw new TypeError('oops'); }, 'it threw TypeError: oops'],
  ['a thrown string', () => { throw 'oops' as unknown as Error; }, 'it threw oops'],
  ['a thrown nothing', () => { throw undefined as unknown as Error; }, 'it threw undefined'],
  ['a thrown symbol', () => { throw Symbol('s') as unknown as Error; }, 'it threw Symbol(s)'],
  ['a thrown object that has no text', () => { throw Object.create(null) as Error; }, 'it threw something that has no text'],
])('falls back and says why: %s', async (_what, rank, why) => {
  expect(rankSafely(policy(rank), candidates, need(1))).toEqual({
    ranking: fallback, policy: 'byStartTime', policyError: `the policy "mine" was not used: ${why}`,
  });
  await new Promise(setImmediate);
  expect(rejections).toEqual([]);
});

it('falls back when the policy has no name to read', () => {
  const nameless = Object.defineProperty(policy(() => []), 'name', { get: () => { throw new Error('trap'); } });
  expect(rankSafely(nameless, candidates, need(1)).policyError).toBe('the policy of unknown name was not used: it threw Error: trap');
});

it('a policy that spoils its input spoils neither the candidates, nor the need, nor the fall-back', () => {
  const pristine = structuredClone(candidates);
  const given = need(5);
  const vandal = { name: 'vandal', rank: (each: Candidate[], what: { bytesToFree: number }) => {
    for (const one of each) Object.assign(one, { id: 'x', freeableBytes: NaN, startedAtMs: 0 });
    if (each[1]?.labels !== undefined) each[1].labels['team'] = 'b';
    what.bytesToFree = 0;
    each.length = 0;
    throw new Error('done');
  } } as unknown as KillPolicy;
  expect(rankSafely(vandal, candidates, given)).toMatchObject({ ranking: fallback, policyError: expect.stringContaining('Error: done') as string });
  expect(candidates).toEqual(pristine);
  expect(given).toEqual(need(5));
});

it('keeps what it returned when the policy changes it afterwards', () => {
  const said = [{ ...ok }];
  const { ranking } = rankSafely(policy(() => said), candidates, need(1));
  Object.assign(said[0] ?? {}, { id: 'new' });
  said.length = 0;
  expect(ranking).toEqual([ok]);
});

it('whatever a policy returns, the ranking names live candidates, each once', () => {
  fc.assert(
    fc.property(arbitraryCandidates, fc.anything(), fc.array(fc.anything()), (all, anything, list) => {
      for (const said of [anything, list, [...idsOf(all), ...list].map((id) => ({ id, reason: 'r' }))]) {
        const ids = idsOf(rankSafely(policy(() => said), all, need(1)).ranking);
        expect(new Set(ids).size).toBe(ids.length);
        expect(idsOf(all)).toEqual(expect.arrayContaining(ids));
      }
    }),
  );
});
