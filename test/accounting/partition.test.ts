import fc from 'fast-check';
import { partition, type PartitionStrategy, type Partaker } from '../../lib/accounting';
import { errorOf } from '../support/error-of';

const most = Number.MAX_SAFE_INTEGER;
const named = (firms: Record<string, number>): Partaker[] => Object.entries(firms).map(([name, firmBytes]) => ({ name, firmBytes }));
const shares = (available: number, firms: Record<string, number>, strategy: PartitionStrategy): Record<string, number> =>
  Object.fromEntries(partition(available, named(firms), strategy).map(({ name, bytes }) => [name, bytes]));

describe('partition', () => {
  it.each<[string, number, Record<string, number>, Record<string, number>]>([
    ['an exact fit', 600, { a: 100, b: 200, c: 300 }, { a: 100, b: 200, c: 300 }],
    ['scaled to fit', 1800, { a: 100, b: 200, c: 300 }, { a: 600, b: 600, c: 600 }],
    ['with one that needs more', 1800, { a: 100, b: 200, c: 900 }, { a: 450, b: 450, c: 900 }],
  ])('Saluki 39: equal: %s', (_what, available, firms, expected) => {
    expect(shares(available, firms, 'equal')).toEqual(expected);
  });

  it.each<[string, number, Record<string, number>, Record<string, number>]>([
    ['an exact fit', 600, { a: 100, b: 200, c: 300 }, { a: 100, b: 200, c: 300 }],
    ['scaled to fit', 1800, { a: 100, b: 200, c: 300 }, { a: 300, b: 600, c: 900 }],
  ])('Saluki 40: scaled: %s', (_what, available, firms, expected) => {
    expect(shares(available, firms, 'scaled')).toEqual(expected);
  });

  it('scaled: divides less than the firm limits in proportion, too', () => {
    expect(shares(60, { a: 100, b: 200, c: 300 }, 'scaled')).toEqual({ a: 10, b: 20, c: 30 });
  });

  it('scaled: of no firm limits at all is equal', () => {
    expect(shares(10, { a: 0, b: 0, c: 0 }, 'scaled')).toEqual({ a: 3, b: 3, c: 4 });
  });

  it('scaled: is exact where products pass 2^53', () => {
    expect(shares(most, { a: most - 1, b: 1 }, 'scaled')).toEqual({ a: most - 1, b: 1 });
  });

  it('equal: refuses where the firm limits do not fit', () => {
    expect(errorOf(() => partition(599, named({ a: 100, b: 200, c: 300 }), 'equal'))).toMatchObject({
      code: 'ERR_SPILLWAY_FIRM_LIMIT_EXCEEDS_AVAILABLE', availableBytes: 599, firmBytes: 600,
    });
  });

  it('gives nobody nothing', () => {
    expect(partition(100, [], 'equal')).toEqual([]);
    expect(partition(100, [], 'scaled')).toEqual([]);
  });

  it('takes strings, and children of a tree as they are; leaves its input alone', () => {
    const components = Object.freeze(named({ b: 2, a: 1 }).map((each) => Object.freeze(each)));
    expect(partition('3KiB', components, 'scaled')).toEqual([{ name: 'b', bytes: 2048 }, { name: 'a', bytes: 1024 }]);
    expect(partition('3KiB', components, 'equal')).toEqual([{ name: 'b', bytes: 1536 }, { name: 'a', bytes: 1536 }]);
  });

  it.each<[unknown, unknown, unknown]>([
    [-1, [], 'equal'], [2 ** 53, [], 'equal'], [1, {}, 'equal'], [1, [{ name: 'a', firmBytes: -1 }], 'equal'], [1, [{ name: 'a' }], 'scaled'],
    [1, [], 'fair'], [1, [], undefined], [most, [{ name: 'a', firmBytes: most }, { name: 'b', firmBytes: 1 }], 'scaled'],
  ])('refuses %j, %j, %j', (available, components, strategy) => {
    expect(errorOf(() => partition(available as number, components as Partaker[], strategy as PartitionStrategy))).toMatchObject({ code: 'ERR_SPILLWAY_INVALID_OPTION' });
  });
});

describe('Saluki 41: partition, for any components', () => {
  const firms = fc.array(fc.oneof(fc.nat(5), fc.nat(1000), fc.integer({ min: 0, max: Math.floor(most / 20) })), { minLength: 1, maxLength: 20 });
  const total = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);
  const divide = (available: number, given: readonly number[], strategy: PartitionStrategy): number[] =>
    partition(available, given.map((firmBytes) => ({ name: 'x', firmBytes })), strategy).map(({ bytes }) => bytes);
  /** An amount that all firm limits fit into. */
  const enough = firms.chain((some) => fc.record({ some: fc.constant(some), available: fc.integer({ min: total(some), max: most }) }));

  it.each<PartitionStrategy>(['equal', 'scaled'])('%s: every byte is granted, none is left over, nobody has less than its firm limit', (strategy) => {
    fc.assert(
      fc.property(enough, ({ some, available }) => {
        const bytes = divide(available, some, strategy);
        expect(total(bytes)).toBe(available);
        bytes.forEach((share, index) => {
          expect(Number.isSafeInteger(share)).toBe(true);
          expect(share).toBeGreaterThanOrEqual(some[index] ?? NaN);
        });
      }),
    );
  });

  it('scaled: within a byte of the exact share, also where it is not enough', () => {
    fc.assert(
      fc.property(firms.filter((some) => total(some) > 0), fc.integer({ min: 0, max: most }), (some, available) => {
        const bytes = divide(available, some, 'scaled');
        expect(total(bytes)).toBe(available);
        const sum = BigInt(total(some));
        bytes.forEach((share, index) => {
          const off = BigInt(share) * sum - BigInt(available) * BigInt(some[index] ?? 0);
          expect(off < sum && off > -sum).toBe(true);
        });
      }),
    );
  });

  it('equal: whoever has more than its firm limit has as much as the others of those, to a byte', () => {
    fc.assert(
      fc.property(enough, ({ some, available }) => {
        const bytes = divide(available, some, 'equal');
        const above = bytes.filter((share, index) => share > (some[index] ?? 0));
        if (above.length === 0) return;
        expect(Math.max(...above) - Math.min(...above)).toBeLessThanOrEqual(1);
        // And whoever has just its firm limit needs no less than they have.
        expect(Math.min(...bytes)).toBeGreaterThanOrEqual(Math.max(...above) - 1);
      }),
    );
  });
});
