import fc from 'fast-check';
import { MemoryGrant } from '../../lib/accounting';
import { errorOf } from '../support/error-of';

const refused = { code: 'ERR_SPILLWAY_INVALID_OPTION' };

describe('MemoryGrant', () => {
  // Saluki goes to 2^53. As a JavaScript number that is also what 2^53 + 1 becomes, so the boundary is one lower here.
  it('Saluki 1: effective: 1 and 2^53 - 1 accepted, more refused', () => {
    expect(MemoryGrant.effective(1)).toMatchObject({ initialBytes: 1, slopFactor: 0, effectiveBytes: 1 });
    expect(MemoryGrant.effective(2 ** 53 - 1).effectiveBytes).toBe(2 ** 53 - 1);
    expect(errorOf(() => MemoryGrant.effective(2 ** 53))).toMatchObject({ ...refused, message: expect.stringContaining('9007199254740992') as string });
    expect(errorOf(() => MemoryGrant.effective(2 ** 53 + 1))).toMatchObject(refused);
  });

  it('Saluki 2: slop 0.1, 0.9 accepted; NaN, -0.1, 1.001 refused', () => {
    expect(MemoryGrant.withSlopFactor(1, 0.1).slopFactor).toBe(0.1);
    expect(MemoryGrant.withSlopFactor(1, 0.9).slopFactor).toBe(0.9);
    for (const slop of [NaN, -0.1, 1.001]) expect(errorOf(() => MemoryGrant.withSlopFactor(1, slop))).toMatchObject(refused);
  });

  it('Saluki 3: the same limit with a slop factor', () => {
    expect(MemoryGrant.withSlopFactor(2 ** 53 - 1, 0.25).effectiveBytes).toBe(Math.trunc((2 ** 53 - 1) * 0.75));
    expect(errorOf(() => MemoryGrant.withSlopFactor(2 ** 53, 0.25))).toMatchObject(refused);
  });

  it.each([1, Infinity, '0.5', null, undefined, 0n])('slop %p is refused, and quoted', (slop) => {
    expect(errorOf(() => MemoryGrant.withSlopFactor(1, slop as number))).toMatchObject({ ...refused, message: expect.stringContaining("'slopFactor'") as string });
  });

  it('takes 0 bytes, 0 slop and strings; drops the fraction of a byte', () => {
    expect(MemoryGrant.withSlopFactor(0, 0).effectiveBytes).toBe(0);
    expect(MemoryGrant.withSlopFactor('1KiB', 0.5).effectiveBytes).toBe(512);
    expect(MemoryGrant.withSlopFactor(3, 0.5).effectiveBytes).toBe(1);
  });

  it('is never more than the limit, and never less than nothing', () => {
    const slop = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
    fc.assert(
      fc.property(fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }), slop, (bytes, slopFactor) => {
        const { effectiveBytes } = MemoryGrant.withSlopFactor(bytes, slopFactor);
        expect(Number.isSafeInteger(effectiveBytes)).toBe(true);
        expect(effectiveBytes).toBeGreaterThanOrEqual(0);
        expect(effectiveBytes).toBeLessThanOrEqual(bytes);
      }),
    );
  });
});
