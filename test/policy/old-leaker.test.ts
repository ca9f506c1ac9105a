import { byStartTime, type Candidate, type KillPolicy, largestFirst, oldestFirst, selectVictims } from '../../lib/policy';
import { candidate, GiB, MiB, need } from './candidates';

const markBytes = GiB;
const killBufferBytes = 0.05 * markBytes;

/** As the supervisor does it: one victim, fresh figures, and again until the pool is below the mark. */
function relieve(policy: KillPolicy, pool: readonly Candidate[], minVictimBytes: number, growBytes = 0): string[] {
  const dead: string[] = [];
  let alive = [...pool];
  for (;;) {
    const usedBytes = alive.reduce((sum, { freeableBytes = 0 }) => sum + freeableBytes, 0);
    if (usedBytes <= markBytes) return dead;
    const wanted = need(usedBytes - markBytes + killBufferBytes, { minVictimBytes });
    const [victim] = selectVictims(policy.rank(alive, wanted), alive, wanted);
    if (victim === undefined) return dead;
    dead.push(victim.id);
    // The figures that the next decision reads are others: who leaks has leaked on.
    alive = alive
      .filter(({ id }) => id !== victim.id)
      .map((each) => (each.id === 'leaker' ? { ...each, freeableBytes: (each.freeableBytes ?? 0) + growBytes } : each));
  }
}

const young = (count: number, freeableBytes: number): Candidate[] =>
  Array.from({ length: count }, (_, index) => candidate(`young-${index}`, { retriable: true, startedAtMs: 1000 + index, freeableBytes }));
const leaker = candidate('leaker', { kind: 'service', startedAtMs: 0, freeableBytes: 850 * MiB });

describe('An old leaker among many small young workers', () => {
  const pool = [leaker, ...young(60, 4 * MiB)];

  it('An old leaker among many small young workers: the small ones are not massacred', () => {
    expect(relieve(byStartTime(), pool, 0.01 * markBytes, 2 * MiB)).toEqual(['leaker']);
  });

  it('also when they are idle, of unknown size, or just below the minimum', () => {
    const idle = young(60, 4 * MiB).map((each) => ({ ...each, idle: true }));
    const unknown = young(60, 0).map((each) => ({ ...each, freeableBytes: undefined }));
    const almost = young(60, 0.01 * markBytes - 1);
    const large = { ...leaker, freeableBytes: markBytes + MiB };
    for (const others of [idle, unknown, almost]) {
      expect(relieve(byStartTime(), [large, ...others], 0.01 * markBytes, 2 * MiB)).toEqual(['leaker']);
    }
  });

  it('is what the minimum is for: without it they die one after the other', () => {
    const dead = relieve(byStartTime(), pool, 0, 2 * MiB);
    expect(dead.length).toBeGreaterThan(20);
    expect(dead).not.toContain('leaker');
  });

  it.each([largestFirst(), oldestFirst()])('above the minimum the order of the policy holds: $name', (policy) => {
    const tasks = young(20, 20 * MiB).map((each) => ({ ...each, retriable: false }));
    expect(relieve(policy, [leaker, ...tasks], 0.01 * markBytes)).toEqual(['leaker']);
    expect(relieve(byStartTime(), [leaker, ...tasks], 0.01 * markBytes)).toHaveLength(12);
  });
});
