import fc from 'fast-check';
import { SpillwayError } from '../lib/errors';
import { formatBytes } from '../lib/format-bytes';
import { checkKeys, parseBoolean, parseBytes, parseName, parseNumber, parseOneOf, parsePath, quote } from '../lib/options';
import { errorOf } from './support/error-of';

const anything = fc.anything({ withBigInt: true, withDate: true, withNullPrototype: true, withSparseArray: true, withTypedArray: true });

describe('parseBytes', () => {
  it.each<[unknown, number]>([
    [0, 0], [1, 1], [2 ** 53 - 1, 2 ** 53 - 1], ['0', 0], ['4096', 4096], ['4096B', 4096], ['1KiB', 1024], ['512MiB', 2 ** 29], ['512 MiB', 2 ** 29],
    ['1.5GiB', 1.5 * 2 ** 30], ['2TiB', 2 ** 41], ['0.3KiB', 307], ['9007199254740991', 2 ** 53 - 1], ['007', 7],
  ])('%p is %p', (given, bytes) => {
    expect(parseBytes('limit', given)).toBe(bytes);
  });

  it.each([
    undefined, null, '', ' ', 'max', Infinity, -Infinity, NaN, -1, -0.5, 0.5, 2 ** 53, '9007199254740992', '9999TiB', '1.5', '1.5B', '.5MiB', '1.MiB', '1,5MiB', '1MB', '1M',
    '1mib', '1  MiB', '1MiB ', ' 1MiB', '+1', '-1', '1e3', '0x10', '1_000', '١', '1\n', true, 5n, {}, [], [5], new Number(5), Symbol('x'),
  ])('%p is refused', (given) => {
    expect(errorOf(() => parseBytes('limit', given))).toMatchObject({
      code: 'ERR_SPILLWAY_INVALID_OPTION', message: expect.stringMatching(/^Expected option 'limit' to be a number of bytes from 0, such as/) as string,
    });
  });

  it("takes 'max' and Infinity only where there may be no limit", () => {
    expect(parseBytes('limit', 'max', { unlimited: true })).toBe(Infinity);
    expect(parseBytes('limit', Infinity, { unlimited: true })).toBe(Infinity);
    expect(errorOf(() => parseBytes('limit', -Infinity, { unlimited: true }))).toBeInstanceOf(SpillwayError);
  });

  it('holds the minimum', () => {
    expect(parseBytes('limit', 4096, { min: 4096 })).toBe(4096);
    expect(errorOf(() => parseBytes('limit', '4095', { min: 4096 }))).toMatchObject({ message: expect.stringContaining('from 4096') as string });
  });

  it('reads what formatBytes writes, within its rounding', () => {
    fc.assert(fc.property(fc.nat({ max: 2 ** 31 - 1 }), fc.integer({ min: 0, max: 20 }), (mantissa, shift) => {
      const bytes = mantissa * 2 ** shift;
      expect(Math.abs(parseBytes('b', formatBytes(bytes)) - bytes)).toBeLessThanOrEqual(bytes * 0.005 + 1);
    }));
  });
});

describe('the checks', () => {
  it('throw a SpillwayError or give back the value, whatever they get', () => {
    fc.assert(fc.property(anything, (value) => {
      const checks: (() => unknown)[] = [
        () => parseBytes('x', value), () => parseNumber('x', value, { min: 0, max: 9 }), () => parseBoolean('x', value),
        () => parseOneOf('x', value, ['a', 'b']), () => parsePath('x', value), () => parseName('x', value),
      ];
      for (const check of checks) {
        try {
          check();
        } catch (error) {
          expect(error).toBeInstanceOf(SpillwayError);
          expect((error as SpillwayError).message).not.toContain('\n');
        }
      }
    }));
  });

  it('parseNumber: whole numbers within the range, fractions only where allowed', () => {
    expect(parseNumber('x', 9, { min: 0, max: 9 })).toBe(9);
    expect(parseNumber('x', 0.5, { min: 0, max: 1, integer: false })).toBe(0.5);
    for (const bad of [-1, 10, 0.5, NaN, '5', null, undefined, 5n]) {
      expect(errorOf(() => parseNumber('x', bad, { min: 0, max: 9 }))).toMatchObject({ message: expect.stringContaining('a whole number from 0 to 9') as string });
    }
  });

  it.each(['a', 'A9_-', 'x'.repeat(64)])('parseName takes %p', (name) => {
    expect(parseName('name', name)).toBe(name);
  });

  it.each(['', '.', '..', 'a.b', 'a/b', 'a b', 'a\n', 'ä', 'x'.repeat(65), 5, null])('parseName refuses %p', (name) => {
    expect(errorOf(() => parseName('name', name))).toMatchObject({ code: 'ERR_SPILLWAY_INVALID_OPTION' });
  });
});

describe('checkKeys', () => {
  const known = ['limitBytes', 'windowMs'];

  it('passes known keys, in any number', () => {
    checkKeys('It', {}, known);
    checkKeys('It', { windowMs: undefined, limitBytes: 1 }, known);
  });

  it.each([['LimitBytes', 'limitBytes'], ['limit', 'limitBytes'], ['windowMsec', 'windowMs'], ['widowMs', 'windowMs'], ['windwoMs', 'windowMs'], ['limitByte', 'limitBytes']])(
    '%p is taken for %p', (given, meant) => {
      expect(errorOf(() => { checkKeys('It', { [given]: 1 }, known); })).toMatchObject({ message: `Unknown option "${given}" of It; did you mean '${meant}'?` });
    });

  it('does not guess where nothing is near', () => {
    expect(errorOf(() => { checkKeys('It', { other: 1 }, known); })).toMatchObject({ message: 'Unknown option "other" of It; known are limitBytes, windowMs' });
  });
});

describe('quote', () => {
  it.each<[unknown, string]>([
    ['a"b\n', '"a\\"b\\n"'], [5n, '5n'], [undefined, 'undefined'], [null, 'null'], [NaN, 'NaN'], [Symbol('s'), 'Symbol(s)'], [[1], 'an array'], [{}, 'an object'],
    [() => 1, 'a function'],
  ])('of %p is short', (value, text) => {
    expect(quote(value)).toBe(text);
  });

  it('cuts long strings', () => {
    expect(quote('x'.repeat(10_000))).toHaveLength(80);
  });

  it('runs no code of the value', () => {
    const trap = { toString: () => { throw new Error('ran'); }, toJSON: () => { throw new Error('ran'); } };
    expect(quote(trap)).toBe('an object');
  });
});
