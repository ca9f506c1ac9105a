import { byOwner, type Candidate, type KillPolicy, newestFirst, oldestFirst, selectVictims } from '../../lib/policy';
import { candidate, GiB, idsOf, MiB, need } from './candidates';

// The scenarios of the tests of Ray's other policies. These kill one worker per round, so each is asked
// again after each death. Ray's retry flag is told by the reason.
const retry = true;
const noRetry = false;

function deaths(policy: KillPolicy, pool: readonly Candidate[]): [string, boolean][] {
  const [first] = policy.rank(pool, need(1));
  if (first === undefined) return [];
  const left = pool.filter(({ id }) => id !== first.id);
  return [[first.id, first.reason.startsWith('can be retried')], ...deaths(policy, left)];
}

const task = (id: string, startedAtMs: number, given: Partial<Candidate> = {}): Candidate => candidate(id, { retriable: true, startedAtMs, ...given });
const actor = (id: string, startedAtMs: number, given: Partial<Candidate> = {}): Candidate => task(id, startedAtMs, { kind: 'service', ...given });
const final = { retriable: false };

describe("Ray's group-by-owner policy", () => {
  it('Ray 3.7 group 1: an empty pool gives nobody', () => {
    expect(deaths(byOwner(), [])).toEqual([]);
  });

  it('Ray 3.7 group 2: the last of a group is not retried', () => {
    const pool = [actor('first', 1, { owner: 'a' }), task('second', 2, { owner: 'a' })];
    expect(deaths(byOwner(), pool)).toEqual([['second', retry], ['first', noRetry]]);
    expect(byOwner().rank(pool, need(1))[1]?.reason).toMatch(/^not to be retried: the last worker of "a"/);
  });

  it('Ray 3.7 group 3: non-retriable workers are a group of their own, the newest first', () => {
    const pool = [actor('first', 1, { owner: 'a', ...final }), task('second', 2, { owner: 'a', ...final }), task('retriable', 0, { owner: 'a' })];
    expect(deaths(byOwner(), pool)).toEqual([['retriable', noRetry], ['second', noRetry], ['first', noRetry]]);
  });

  it('Ray 3.7 group 4: groups by size, then by the submission of their first', () => {
    const pool = [
      actor('1', 1, { owner: 'a' }), task('2', 2, { owner: 'b' }), actor('3', 3, { owner: 'b' }),
      actor('4', 4, { owner: 'b' }), task('5', 5, { owner: 'a' }), task('6', 6, { owner: 'a' }),
    ];
    expect(deaths(byOwner(), pool)).toEqual([['4', retry], ['6', retry], ['3', retry], ['5', retry], ['2', noRetry], ['1', noRetry]]);
    expect(idsOf(byOwner().rank(pool, need(1)))).toEqual(['4', '6', '3', '5', '2', '1']);
  });

  it('Ray 3.7 group 5: retriable groups first, the newest of them first', () => {
    const pool = [actor('first', 1, { owner: 'a' }), actor('second', 2, { owner: 'b' }), actor('third', 3, { owner: 'c', ...final })];
    expect(deaths(byOwner(), pool)).toEqual([['second', noRetry], ['first', noRetry], ['third', noRetry]]);
  });

  it('Ray 3.7 group 6: several non-retriable workers are one group, whoever owns them, and not retried', () => {
    const pool = [actor('first', 1, { owner: 'a', ...final }), task('second', 2, { owner: 'b', ...final })];
    expect(deaths(byOwner(), pool)).toEqual([['second', noRetry], ['first', noRetry]]);
  });

  // Ray leaves it out. Left out means protected here, and a pool of nothing else would be left to the
  // kernel's OOM killer: so it is ranked last.
  it('Ray 3.7 group 7: an idle worker below the threshold is spared while there are others', () => {
    const pool = [candidate('idle', { idle: true, freeableBytes: GiB - 1 }), task('busy', 1, final)];
    expect(idsOf(byOwner({ idleBytes: '1GiB' }).rank(pool, need(1)))).toEqual(['busy', 'idle']);
    const wanted = need(50 * MiB);
    expect(idsOf(selectVictims(byOwner({ idleBytes: '1GiB' }).rank(pool, wanted), pool, wanted))).toEqual(['busy']);
  });

  it('Ray 3.7 group 8: idle workers above the threshold are killed first, the largest of them first', () => {
    const pool = [
      task('busy', 9), task('busy too', 8), candidate('idle', { idle: true, freeableBytes: GiB + 1 }), candidate('large idle', { idle: true, freeableBytes: 2 * GiB }),
    ];
    expect(deaths(byOwner({ idleBytes: '1GiB' }), pool)).toEqual([['large idle', noRetry], ['idle', noRetry], ['busy', retry], ['busy too', noRetry]]);
  });
});

const mix = [task('1', 1, final), task('2', 2), actor('3', 3), actor('4', 4, final), task('5', 5)];

describe("Ray's retriable LIFO policy", () => {
  it('Ray 3.7 LIFO 1: an empty pool gives nobody', () => {
    expect(deaths(newestFirst(), [])).toEqual([]);
  });

  it('Ray 3.7 LIFO 2: retriable first, then the newest', () => {
    expect(deaths(newestFirst(), mix)).toEqual([['5', retry], ['3', retry], ['2', retry], ['4', noRetry], ['1', noRetry]]);
  });
});

describe("Ray's retriable FIFO policy", () => {
  it('Ray 3.7 FIFO 1: an empty pool gives nobody', () => {
    expect(deaths(oldestFirst(), [])).toEqual([]);
  });

  it('Ray 3.7 FIFO 2: retriable first, then the oldest', () => {
    expect(deaths(oldestFirst(), mix)).toEqual([['2', retry], ['3', retry], ['5', retry], ['1', noRetry], ['4', noRetry]]);
  });
});
