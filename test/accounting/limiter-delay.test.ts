import fc from 'fast-check';
import { type DelayOptions, limiterDelayMs, parseDelayCurve } from '../../lib/accounting/limiter-delay';
import { errorOf } from '../support/error-of';

describe('limiterDelayMs', () => {
  const limitBytes = 100_000_000;
  const curve = parseDelayCurve({ slowAtFraction: 0.95, minDelayMs: 100, maxDelayMs: 1000 });
  const delayAt = (fraction: number): number => limiterDelayMs(fraction * limitBytes, limitBytes, curve);

  it.each([0, 0.9, 0.95])('Saluki 7: no delay at %p of the limit', (fraction) => {
    expect(delayAt(fraction)).toBe(0);
  });

  it('Saluki 8: 550 ms at 0.975 of the limit', () => {
    expect(delayAt(0.975)).toBe(550);
  });

  it.each([1, 1.2])('Saluki 9: 1000 ms at %p of the limit', (fraction) => {
    expect(delayAt(fraction)).toBe(1000);
  });

  it("has Saluki's defaults", () => {
    expect(parseDelayCurve({})).toEqual({ slowAtFraction: 0.95, minDelayMs: 1, maxDelayMs: 25 });
  });

  it('divides by nothing: a limit of 0, or slow only at the limit', () => {
    expect(limiterDelayMs(0, 0, curve)).toBe(0);
    expect(limiterDelayMs(1, 0, curve)).toBe(1000);
    const late = parseDelayCurve({ slowAtFraction: 1 });
    expect([99, 100, 101].map((used) => limiterDelayMs(used, 100, late))).toEqual([0, 0, 25]);
  });

  const bytes = fc.oneof(fc.nat(1000), fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }));
  const anyCurve = fc
    .record({ slowAtFraction: fc.double({ min: 0, max: 1, noNaN: true }), one: fc.double({ min: 0, max: 60_000, noNaN: true }), other: fc.double({ min: 0, max: 60_000, noNaN: true }) })
    .map(({ slowAtFraction, one, other }) => parseDelayCurve({ slowAtFraction, minDelayMs: Math.min(one, other), maxDelayMs: Math.max(one, other) }));

  it('is monotonic in usage, and within [0, max]', () => {
    fc.assert(
      fc.property(bytes, fc.tuple(bytes, bytes), anyCurve, (limit, used, given) => {
        const [less, more] = [Math.min(...used), Math.max(...used)].map((each) => limiterDelayMs(each, limit, given));
        expect(less).toBeGreaterThanOrEqual(0);
        expect(more).toBeLessThanOrEqual(given.maxDelayMs);
        expect(less).toBeLessThanOrEqual(more ?? NaN);
      }),
      { numRuns: 2000 },
    );
  });

  it.each([{ slowAtFraction: 1.1 }, { slowAtFraction: -0.1 }, { slowAtFraction: NaN }, { minDelayMs: -1 }, { maxDelayMs: 60_001 }, { maxDelayMs: Infinity }, { minDelayMs: 26 },
    { minDelayMs: '1' }, { maxDelay: 5 }, null])(
    'refuses %j', (options) => {
      expect(errorOf(() => parseDelayCurve(options as DelayOptions))).toMatchObject({ code: 'ERR_SPILLWAY_INVALID_OPTION' });
    });
});
