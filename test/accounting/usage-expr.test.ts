import fc from 'fast-check';
import { SpillwayError } from '../../lib/errors';
import { UsageExpr } from '../../lib/accounting';
import { errorOf } from '../support/error-of';

const { config, constant, evaluate, product, sized, sum } = UsageExpr;
const most = Number.MAX_SAFE_INTEGER;
const refused = { code: 'ERR_SPILLWAY_INVALID_OPTION' };

describe('UsageExpr', () => {
  it("is Saluki's JSON, with names of products and sums besides", () => {
    const expr = product('cache', sum('entry', sized('key', 8), sized('value', 64)), config('cache_size', 1000), constant('copies', 2));
    expect(JSON.parse(JSON.stringify(expr))).toEqual({
      type: 'Product',
      name: 'cache',
      values: [
        { type: 'Sum', name: 'entry', values: [{ type: 'StructSize', name: 'key', value: 8 }, { type: 'StructSize', name: 'value', value: 64 }] },
        { type: 'Config', name: 'cache_size', value: 1000 },
        { type: 'Constant', name: 'copies', value: 2 },
      ],
    });
    expect(evaluate(expr)).toBe((8 + 64) * 1000 * 2);
  });

  it('evaluates what JSON.parse gives as it evaluated the expression', () => {
    const expr = sum('all', constant('a', 1), product('b', constant('c', 2), constant('d', 3)));
    expect(evaluate(JSON.parse(JSON.stringify(expr)) as UsageExpr)).toBe(7);
  });

  it('takes strings of bytes', () => {
    expect(config('limit', '64MiB')).toEqual({ type: 'Config', name: 'limit', value: 64 * 2 ** 20 });
  });

  it('of no parts is 1 as a product, 0 as a sum', () => {
    expect(evaluate(product('nothing'))).toBe(1);
    expect(evaluate(sum('nothing'))).toBe(0);
  });

  it('cannot be changed, nor by changing what it was made of', () => {
    const values = [constant('a', 1)];
    const expr = sum('all', ...values);
    expect(() => Object.assign(expr, { name: 'other' })).toThrow(TypeError);
    expect(() => (expr as unknown as { values: UsageExpr[] }).values.push(constant('b', 2))).toThrow(TypeError);
    const given = { type: 'Constant' as const, name: 'x', value: 1 };
    const copy = sum('copy', given);
    given.value = 5;
    expect(evaluate(copy)).toBe(1);
  });
});

describe('overflow (a gap in the tests of Saluki)', () => {
  it('goes up to 2^53 - 1 exactly, and no further', () => {
    expect(evaluate(sum('all', constant('a', most - 1), constant('b', 1)))).toBe(most);
    expect(errorOf(() => sum('all', constant('a', most), constant('b', 1)))).toMatchObject({
      ...refused, message: 'Expected the usage expression "all" to come to at most 2^53 - 1; it comes to about 9.01e+15',
    });
    expect(errorOf(() => product('all', constant('a', 2 ** 27), constant('b', 2 ** 26)))).toMatchObject(refused);
  });

  it('of a product with 0 is none, wherever the 0 stands', () => {
    const large = constant('large', most);
    expect(evaluate(product('all', large, large, constant('none', 0)))).toBe(0);
    expect(evaluate(product('all', ...Array.from({ length: 30 }, () => large), constant('none', 0)))).toBe(0);
  });

  it('is exact or refused, never wrong', () => {
    const value = fc.oneof(fc.nat(9), fc.integer({ min: 0, max: most }), fc.integer({ min: 0, max: 2 ** 28 }));
    const { expr } = fc.letrec<{ expr: object }>((tie) => ({
      expr: fc.oneof(
        { maxDepth: 4 },
        fc.record({ type: fc.constantFrom('Config', 'Constant', 'StructSize'), name: fc.constant('v'), value }),
        fc.record({ type: fc.constantFrom('Product', 'Sum'), name: fc.constant('c'), values: fc.array(tie('expr'), { maxLength: 3 }) }),
      ),
    }));
    interface Model { type: string; value: number; values: Model[] }
    // `undefined`: some part of it is too large.
    const model = ({ type, value: own, values }: Model): bigint | undefined => {
      if (type !== 'Product' && type !== 'Sum') return BigInt(own);
      const parts = values.map(model);
      if (parts.includes(undefined)) return undefined;
      const result = parts.reduce<bigint>((all, part) => (type === 'Sum' ? all + (part ?? 0n) : all * (part ?? 0n)), type === 'Sum' ? 0n : 1n);
      return result <= BigInt(most) ? result : undefined;
    };
    fc.assert(
      fc.property(expr, (given) => {
        const expected = model(given as Model);
        if (expected === undefined) expect(errorOf(() => evaluate(given as UsageExpr))).toBeInstanceOf(SpillwayError);
        else expect(evaluate(given as UsageExpr)).toBe(Number(expected));
      }),
      { numRuns: 1000 },
    );
  });
});

describe('what is no expression', () => {
  it.each([-1, 0.5, NaN, Infinity, 2 ** 53, '1.5', 'max', null, undefined, 5n])('of value %p is refused', (value) => {
    expect(errorOf(() => constant('buffers', value as number))).toMatchObject({ ...refused, message: expect.stringContaining("'buffers'") as string });
  });

  it.each(['', 'x'.repeat(257), 'a\nb', 'a\u202eb', 5, undefined])('of name %p is refused', (name) => {
    expect(errorOf(() => constant(name as string, 1))).toMatchObject(refused);
  });

  it.each([null, undefined, 5, 'text', [], {}, { type: 'Constant' }, { type: 'Quotient', name: 'x', values: [] }, { type: 'Sum', name: 'x' }, { type: 'Sum', name: 'x', values: [5] },
    { type: 'constructor', name: 'x', value: 1 }])(
    '%j is refused', (given) => {
      expect(errorOf(() => evaluate(given as unknown as UsageExpr))).toMatchObject(refused);
    });

  it('nested deeper than 32 levels, or in itself, is refused', () => {
    let expr = constant('core', 1);
    for (let level = 2; level <= 32; level += 1) expr = sum('shell', expr);
    expect(evaluate(expr)).toBe(1);
    expect(errorOf(() => sum('shell', expr))).toMatchObject(refused);
    const ring = { type: 'Sum' as const, name: 'ring', values: [] as UsageExpr[] };
    ring.values.push(ring);
    expect(errorOf(() => evaluate(ring))).toMatchObject(refused);
  });
});
