import fc from 'fast-check';
import { SpillwayError } from '../../lib/errors';
import { byStartTime, type Candidate, selectVictims } from '../../lib/policy';
import { arbitraryCandidates, candidate, GiB, idsOf, MiB, need, twoOrders } from './candidates';

const anyNeed = need(1);
const rank = (candidates: readonly Candidate[], idleBytes = 0): string[] => idsOf(byStartTime({ idleBytes }).rank(candidates, anyNeed));
const victims = (candidates: readonly Candidate[], bytesToFree: number, given = {}): string[] => {
  const wanted = need(bytesToFree, given);
  return idsOf(selectVictims(byStartTime().rank(candidates, wanted), candidates, wanted));
};

const retriable = { retriable: true };
const service = { kind: 'service' } as const;
const idle = (freeableBytes: number | undefined): Partial<Candidate> => ({ idle: true, freeableBytes });

/** Named after the scenarios of Ray's time policy, numbered as there. */
describe("Ray's time policy", () => {
  it('1: empty pool, empty ranking', () => {
    expect(rank([])).toEqual([]);
    expect(victims([], GiB)).toEqual([]);
  });

  it('2: retriable before non-retriable, even when older', () => {
    expect(rank([candidate('new', { startedAtMs: 9 }), candidate('old', { ...retriable, startedAtMs: 1 })])).toEqual(['old', 'new']);
  });

  it('3: newer first within a class', () => {
    const three = [1, 3, 2].map((startedAtMs) => candidate(`t${startedAtMs}`, { ...retriable, startedAtMs }));
    expect(victims(three, 300 * MiB)).toEqual(['t3', 't2', 't1']);
  });

  it('4: newer service first', () => {
    expect(rank([candidate('old', { ...service, startedAtMs: 1 }), candidate('new', { ...service, startedAtMs: 2 })])).toEqual(['new', 'old']);
  });

  it('5: task before service, even when older', () => {
    expect(rank([candidate('service', { ...service, startedAtMs: 9 }), candidate('task', { startedAtMs: 1 })])).toEqual(['task', 'service']);
  });

  it('6: retriable service before non-retriable task', () => {
    expect(rank([candidate('task', { startedAtMs: 9 }), candidate('service', { ...retriable, ...service })])).toEqual(['service', 'task']);
  });

  it('7: picks just enough', () => {
    const four = [1, 2, 3, 4].map((startedAtMs) => candidate(`t${startedAtMs}`, { startedAtMs }));
    expect(victims(four, 250 * MiB)).toEqual(['t4', 't3', 't2']);
    expect(victims(four, 300 * MiB)).toEqual(['t4', 't3', 't2']);
    expect(victims(four, 300 * MiB + 1)).toEqual(['t4', 't3', 't2', 't1']);
  });

  it('8: the reason says whether the work can be retried', () => {
    const reasons = byStartTime().rank([candidate('a', retriable), candidate('b'), candidate('c', idle(GiB))], anyNeed);
    expect(reasons).toEqual([
      { id: 'c', reason: 'idle, so no work is lost; would free 1 GiB' },
      { id: 'a', reason: 'busy with a task that can be retried, the only such worker' },
      { id: 'b', reason: 'busy with a task that cannot be retried, the only such worker' },
    ]);
  });

  it('9: no selection while a dying victim covers the need', () => {
    expect(victims([candidate('a')], 50 * MiB, { dyingBytes: 50 * MiB })).toEqual([]);
  });

  it('10: new selection once it is gone, or for what it does not cover', () => {
    expect(victims([candidate('a')], 50 * MiB)).toEqual(['a']);
    expect(victims([candidate('a'), candidate('b')], 250 * MiB, { dyingBytes: 150 * MiB })).toEqual(['a']);
  });

  it.each([0, GiB])('11: idle over the threshold beats idle under it (idleBytes %d)', (idleBytes) => {
    expect(rank([candidate('under', idle(GiB - 1)), candidate('over', idle(GiB))], idleBytes)).toEqual(['over', 'under']);
  });

  it('12: two idle over the threshold, both before the busy', () => {
    const three = [candidate('busy', retriable), candidate('a', idle(GiB)), candidate('b', idle(2 * GiB))];
    expect(rank(three, GiB)).toEqual(['b', 'a', 'busy']);
  });

  it('13: two idle under the threshold: last, but not protected (Ray: neither)', () => {
    const three = [candidate('a', idle(MiB)), candidate('b', idle(2 * MiB)), candidate('busy', service)];
    expect(rank(three, GiB)).toEqual(['busy', 'b', 'a']);
    expect(rank(three.slice(0, 2), GiB)).toEqual(['b', 'a']);
  });

  it('14: full mix in order', () => {
    const mix = [
      candidate('small idle', idle(200 * MiB)),
      candidate('service', { ...service, startedAtMs: 8 }),
      candidate('task', { startedAtMs: 7 }),
      candidate('retriable service', { ...retriable, ...service, startedAtMs: 6 }),
      candidate('old retriable task', { ...retriable, startedAtMs: 4 }),
      candidate('retriable task', { ...retriable, startedAtMs: 5 }),
      candidate('large idle', idle(2 * GiB)),
    ];
    const busy = ['retriable task', 'old retriable task', 'retriable service', 'task', 'service'];
    expect(rank(mix)).toEqual(['large idle', 'small idle', ...busy]);
    expect(rank(mix, GiB)).toEqual(['large idle', ...busy, 'small idle']);
  });

  it('15: correct amount while passing over idle workers that free next to nothing', () => {
    const mix = [candidate('cold', idle(MiB)), candidate('new', { startedAtMs: 2 }), candidate('old', { startedAtMs: 1 })];
    expect(victims(mix, 150 * MiB, { minVictimBytes: 10 * MiB })).toEqual(['new', 'old']);
    expect(victims(mix, 201 * MiB, { minVictimBytes: 10 * MiB })).toEqual(['new', 'old', 'cold']);
  });

  it('16: idle sorted by size, unknown last', () => {
    expect(rank([candidate('?', idle(undefined)), candidate('1', idle(1)), candidate('3', idle(3)), candidate('2', idle(2))])).toEqual(['3', '2', '1', '?']);
  });
});

describe('byStartTime', () => {
  it('by default kills an idle worker of 900 MiB before busy work', () => {
    expect(byStartTime().rank([candidate('busy', retriable), candidate('idle', idle(900 * MiB))], anyNeed)[0]?.id).toBe('idle');
  });

  it('tells the starts apart in words, without a clock', () => {
    const starts = { a: 5000, b: 5000, c: 4999.5, d: 2900, e: NaN };
    const ranked = byStartTime().rank(Object.entries(starts).map(([id, startedAtMs]) => candidate(id, { startedAtMs })), anyNeed);
    expect(ranked.map(({ reason }) => reason.replace('busy with a task that cannot be retried, ', ''))).toEqual([
      'started last of 5 such workers',
      'started at the same time as the newest of 5 such workers, comes after it by id',
      'started less than 1 ms before the newest of 5 such workers',
      'started 2.1 s before the newest of 5 such workers',
      'its start is not known',
    ]);
  });

  it('explains idle workers and spares', () => {
    const three = [candidate('a', idle(3 * GiB)), candidate('b', idle(2 * GiB)), candidate('c', idle(412 * MiB)), candidate('d', idle(undefined))];
    expect(byStartTime({ idleBytes: '1GiB' }).rank(three, anyNeed)).toEqual([
      { id: 'a', reason: 'idle, so no work is lost; would free 3 GiB, the most of 2 idle workers' },
      { id: 'b', reason: 'idle, so no work is lost; would free 2 GiB' },
      { id: 'c', reason: 'idle, but would free 412 MiB, so busy workers go first (idleBytes is 1 GiB)' },
      { id: 'd', reason: 'idle, but how much it would free is not known, so busy workers go first (idleBytes is 1 GiB)' },
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

  it('is total: names every candidate once, each with a reason', () => {
    fc.assert(
      fc.property(arbitraryCandidates, fc.nat(25), (candidates, idleBytes) => {
        const ranked = byStartTime({ idleBytes }).rank(candidates, anyNeed);
        expect(idsOf(ranked).sort()).toEqual(idsOf(candidates).sort());
        expect(ranked.every(({ reason }) => reason.length > 0 && !/NaN|Infinity|undefined|\n/.test(reason))).toBe(true);
      }),
    );
  });

  it('gives the same ranking and reasons for every input order, and leaves the input alone', () => {
    fc.assert(
      fc.property(twoOrders, fc.nat(25), ({ one, other }, idleBytes) => {
        const before = structuredClone(one);
        const policy = byStartTime({ idleBytes });
        expect(policy.rank(Object.freeze(one), anyNeed)).toEqual(policy.rank(other, anyNeed));
        expect(one).toEqual(before);
      }),
    );
  });

  it('ranks by the documented keys, in their order', () => {
    fc.assert(
      fc.property(arbitraryCandidates, fc.nat(25), (candidates, idleBytes) => {
        const byId = new Map(candidates.map((each) => [each.id, each]));
        const keys = rank(candidates, idleBytes).map((id) => {
          const { idle, retriable, kind, freeableBytes, startedAtMs } = byId.get(id) ?? candidate(id);
          const bytes = freeableBytes !== undefined && freeableBytes > 0 ? freeableBytes : 0;
          const newness = Number.isFinite(startedAtMs) ? startedAtMs : -Infinity;
          return idle
            ? [bytes >= idleBytes ? 0 : 2, -bytes, id]
            : [1, retriable ? 0 : 1, kind === 'task' ? 0 : 1, -newness, id];
        });
        for (const [index, key] of keys.slice(1).entries()) expect(isBefore(keys[index] ?? [], key)).toBe(true);
      }),
    );
  });

  it('keeps the order of two when others come or go', () => {
    fc.assert(
      fc.property(arbitraryCandidates, fc.nat(25), (candidates, idleBytes) => {
        const half = candidates.filter((_, index) => index % 2 === 0);
        const left = new Set(idsOf(half));
        expect(rank(half, idleBytes)).toEqual(rank(candidates, idleBytes).filter((id) => left.has(id)));
      }),
    );
  });
});

function isBefore(one: readonly (number | string)[], other: readonly (number | string)[]): boolean {
  const differing = one.findIndex((value, index) => value !== other[index]);
  const [a = '', b = ''] = [one[differing], other[differing]];
  return a < b;
}
