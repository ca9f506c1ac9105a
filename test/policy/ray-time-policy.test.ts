import { byStartTime, type Candidate, type Ranked, selectVictims } from '../../lib/policy';
import { candidate, GiB, idsOf, MiB, need } from './candidates';

// The scenarios of the tests of Ray's "by time" policy. Ray's threshold for idle workers, 1 GiB, is
// `idleBytes` here; its "used - threshold + kill buffer" is `bytesToFree`; its retry flag is told by the
// reason, for Spillway starts nothing again: whoever owns the work does.
const policy = byStartTime({ idleBytes: '1GiB' });
const choose = (candidates: readonly Candidate[], bytesToFree: number, given = {}): Ranked[] => {
  const wanted = need(bytesToFree, given);
  return selectVictims(policy.rank(candidates, wanted), candidates, wanted);
};
const rank = (candidates: readonly Candidate[]): string[] => idsOf(policy.rank(candidates, need(1)));

const task = (id: string, startedAtMs: number, given: Partial<Candidate> = {}): Candidate => candidate(id, { startedAtMs, ...given });
const actor = (id: string, startedAtMs: number, given: Partial<Candidate> = {}): Candidate => task(id, startedAtMs, { kind: 'service', ...given });
const idle = (id: string, freeableBytes: number | undefined): Candidate => candidate(id, { idle: true, freeableBytes });
const retriable = { retriable: true };

describe("Ray's time policy", () => {
  it('Ray 3.6.1: an empty pool gives an empty selection', () => {
    expect(rank([])).toEqual([]);
    expect(choose([], GiB)).toEqual([]);
  });

  it('Ray 3.6.2: retriable before non-retriable, even when older', () => {
    expect(rank([task('new', 9), task('old retriable', 1, retriable)])).toEqual(['old retriable', 'new']);
  });

  it('Ray 3.6.3: newer first within a class, three picked, all of them to be retried', () => {
    const chosen = choose([task('t1', 1, retriable), task('t3', 3, retriable), task('t2', 2, retriable), task('t0', 0, retriable)], 300 * MiB);
    expect(idsOf(chosen)).toEqual(['t3', 't2', 't1']);
    for (const { reason } of chosen) expect(reason).toContain('can be retried');
  });

  it('Ray 3.6.4: newer actor first', () => {
    expect(rank([actor('old', 1), actor('new', 2)])).toEqual(['new', 'old']);
  });

  it('Ray 3.6.5: task before actor, even when older', () => {
    expect(rank([actor('actor', 9), task('task', 1)])).toEqual(['task', 'actor']);
  });

  it('Ray 3.6.6: retriable actor before non-retriable task', () => {
    expect(rank([task('task', 9), actor('actor', 1, retriable)])).toEqual(['actor', 'task']);
  });

  it('Ray 3.6.7: picks just enough, the newest 3 of 4', () => {
    const four = [1, 2, 3, 4].map((startedAtMs) => task(`t${startedAtMs}`, startedAtMs));
    expect(idsOf(choose(four, 200 * MiB + 1))).toEqual(['t4', 't3', 't2']);
    expect(idsOf(choose(four, 300 * MiB))).toEqual(['t4', 't3', 't2']);
    expect(idsOf(choose(four, 300 * MiB + 1))).toEqual(['t4', 't3', 't2', 't1']);
  });

  it('Ray 3.6.8: retry flags: busy and retriable, yes; not retriable or idle, no', () => {
    const chosen = choose([task('a', 1, retriable), task('b', 1), idle('c', GiB)], 2 * GiB);
    expect(chosen).toEqual([
      { id: 'c', reason: 'idle, so no work is lost; would free 1 GiB' },
      { id: 'a', reason: 'busy with a task that can be retried, the only such worker' },
      { id: 'b', reason: 'busy with a task that cannot be retried, the only such worker' },
    ]);
  });

  // Ray selects nobody while any victim lives, for ever if it never dies. Spillway subtracts what its
  // victims will give back (`dyingBytes`): the same answer while that is enough, and no standstill when it is not.
  it('Ray 3.6.9: no selection while a victim lives that covers the need', () => {
    expect(choose([task('a', 1)], 50 * MiB, { dyingBytes: 100 * MiB })).toEqual([]);
    expect(choose([task('a', 1)], 50 * MiB, { dyingBytes: 50 * MiB })).toEqual([]);
    expect(idsOf(choose([task('a', 1), task('b', 2)], 150 * MiB, { dyingBytes: 100 * MiB }))).toEqual(['b']);
  });

  it('Ray 3.6.10: a new selection after the death', () => {
    const pool = [task('a', 1), task('b', 2)];
    expect(idsOf(choose(pool, 50 * MiB))).toEqual(['b']);
    expect(idsOf(choose(pool.slice(0, 1), 50 * MiB))).toEqual(['a']);
  });

  it('Ray 3.6.11: an idle worker over the threshold beats one under it', () => {
    const pool = [idle('under', GiB - 1), idle('over', GiB), task('busy', 1)];
    expect(rank(pool)).toEqual(['over', 'busy', 'under']);
    expect(idsOf(choose(pool, MiB))).toEqual(['over']);
  });

  it('Ray 3.6.12: two idle over the threshold, both', () => {
    expect(idsOf(choose([task('busy', 1, retriable), idle('a', GiB), idle('b', 2 * GiB)], 3 * GiB))).toEqual(['b', 'a']);
  });

  // Ray leaves cold idle workers out. Left out means protected here, and a pool of nothing else would be
  // left to the kernel's OOM killer, which picks among everybody. So they come last.
  it('Ray 3.6.13: two cold idle under the threshold: neither before anybody else', () => {
    const cold = [idle('a', 900 * MiB), idle('b', 800 * MiB)];
    expect(rank([...cold, actor('busy', 1)])).toEqual(['busy', 'a', 'b']);
    expect(idsOf(choose([...cold, actor('busy', 1)], 100 * MiB))).toEqual(['busy']);
    expect(idsOf(choose(cold, 100 * MiB))).toEqual(['a']);
  });

  // As in 13: the cold one is last instead of missing.
  it('Ray 3.6.14: the full mix in order, the cold idle worker last', () => {
    const mix = [
      idle('cold', 200 * MiB), actor('actor', 8), task('task', 7), actor('retriable actor', 6, retriable),
      task('old retriable task', 4, retriable), task('retriable task', 5, retriable), idle('large idle', 2 * GiB), idle('idle', GiB),
    ];
    expect(rank(mix)).toEqual(['large idle', 'idle', 'retriable task', 'old retriable task', 'retriable actor', 'task', 'actor', 'cold']);
  });

  // As in 13; and whatever the policy, victims below `minVictimBytes` are passed over while larger ones are enough.
  it('Ray 3.6.15: the correct amount while skipping cold idle workers', () => {
    const mix = [idle('cold', 200 * MiB), task('new', 2), task('old', 1)];
    expect(idsOf(choose(mix, 150 * MiB))).toEqual(['new', 'old']);
    expect(idsOf(choose(mix, 200 * MiB))).toEqual(['new', 'old']);
    const byDefault = byStartTime().rank([idle('tiny', MiB), ...mix.slice(1)], need(1));
    expect(idsOf(selectVictims(byDefault, [idle('tiny', MiB), ...mix], need(150 * MiB, { minVictimBytes: 10 * MiB })))).toEqual(['new', 'old']);
  });

  it('Ray 3.6.16: idle workers by size, the largest first, unknown as 0', () => {
    expect(rank([idle('1', GiB), idle('3', 3 * GiB), idle('2', 2 * GiB)])).toEqual(['3', '2', '1']);
    expect(idsOf(byStartTime().rank([idle('?', undefined), idle('1', 1), idle('3', 3), idle('2', 2)], need(1)))).toEqual(['3', '2', '1', '?']);
  });
});
