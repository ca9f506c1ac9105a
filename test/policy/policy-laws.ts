import fc from 'fast-check';
import type { Candidate, KillPolicy } from '../../lib/policy';
import { arbitraryCandidates, candidate, idsOf, need, twoOrders } from './candidates';

const anyNeed = need(1);

/** What holds for every policy of this package that protects nobody. */
export function itObeysTheLaws(policy: KillPolicy): void {
  const rank = (candidates: readonly Candidate[]): string[] => idsOf(policy.rank(candidates, anyNeed));

  it('ranks an empty pool: nobody', () => {
    expect(policy.rank([], anyNeed)).toEqual([]);
  });

  it('names every candidate once, each with a reason of one line', () => {
    fc.assert(
      fc.property(arbitraryCandidates, (candidates) => {
        const ranked = policy.rank(candidates, anyNeed);
        expect(idsOf(ranked).sort()).toEqual(idsOf(candidates).sort());
        for (const { reason } of ranked) expect(reason).toMatch(/^(?!.*(NaN|undefined|null|\[object))[^\p{Cc}\p{Zl}\p{Zp}]+$/u);
      }),
    );
  });

  it('gives the same ranking and reasons for every input order, and leaves the input alone', () => {
    fc.assert(
      fc.property(twoOrders, ({ one, other }) => {
        const before = structuredClone(one);
        for (const each of one) Object.freeze(each);
        expect(policy.rank(Object.freeze(one), anyNeed)).toEqual(policy.rank(Object.freeze(other), anyNeed));
        expect(one).toEqual(before);
      }),
    );
  });

  it('goes on as it said when the first ones are gone', () => {
    fc.assert(
      fc.property(arbitraryCandidates, fc.nat(24), (candidates, count) => {
        const ids = rank(candidates);
        const gone = new Set(ids.slice(0, count));
        expect(rank(candidates.filter(({ id }) => !gone.has(id)))).toEqual(ids.slice(count));
      }),
    );
  });

  it('ranks the JSON of a report as it ranked the workers', () => {
    fc.assert(
      fc.property(arbitraryCandidates, (given) => {
        // The supervisor takes finite priorities only; JSON has no others.
        const candidates = given.map((each) => ({ ...each, priority: Number.isFinite(each.priority) ? Number(each.priority) : 0 }));
        expect(rank(JSON.parse(JSON.stringify(candidates)) as Candidate[])).toEqual(rank(candidates));
      }),
    );
  });

  it('reads 10,000 candidates in proportion to their number, not to its square', () => {
    let reads = 0;
    const count = <T extends object>(target: T): T => new Proxy(target, { get: (object, key): unknown => ((reads += 1), Reflect.get(object, key)) });
    const many = Array.from({ length: 10_000 }, (_, index) =>
      count(candidate(`w${(index * 7919) % 10_000}`, { startedAtMs: index % 500, freeableBytes: index % 400, owner: `o${index % 3000}`, idle: index % 9 === 0, retriable: index % 3 > 0 })),
    );
    expect(policy.rank(many, anyNeed)).toHaveLength(10_000);
    expect(reads).toBeLessThan(10_000 * 150);
  });
}

/** What holds besides when a policy compares worker with worker. */
export function itComparesInPairs(policy: KillPolicy): void {
  it('keeps the order of two when others come or go', () => {
    fc.assert(
      fc.property(arbitraryCandidates, (candidates) => {
        const half = candidates.filter((_, index) => index % 2 === 0);
        const left = new Set(idsOf(half));
        const ids = idsOf(policy.rank(candidates, anyNeed));
        expect(idsOf(policy.rank(half, anyNeed))).toEqual(ids.filter((id) => left.has(id)));
      }),
    );
  });
}
