import fc from 'fast-check';
import { formatBytes } from '../lib/format-bytes';
import { parseBytes } from '../lib/options';

describe('formatBytes', () => {
  it.each([
    [0, '0 B'],
    [1, '1 B'],
    [1023, '1023 B'],
    [1024, '1 KiB'],
    [1536, '1.5 KiB'],
    [412 * 2 ** 20, '412 MiB'],
    [1.46 * 2 ** 30, '1.46 GiB'],
    [1.5 * 2 ** 30, '1.5 GiB'],
    [9.996 * 2 ** 30, '10 GiB'],
    [23.4375 * 2 ** 30, '23.4 GiB'],
    [99.96 * 2 ** 30, '100 GiB'],
    [2 ** 30 - 1, '1 GiB'],
    [2 ** 40, '1 TiB'],
    [Number.MAX_SAFE_INTEGER, '8192 TiB'],
    [-1.5 * 2 ** 20, '-1.5 MiB'],
    [Infinity, 'max'],
  ])('%d: %s', (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });

  it('is read back by parseBytes, at most 0.5 % off', () => {
    fc.assert(
      fc.property(fc.oneof(fc.maxSafeNat(), fc.nat(), fc.nat(5000)), (bytes) => {
        const text = formatBytes(bytes);
        // 2^53 itself is one more than an option may be.
        if (text === '8192 TiB') return;
        // The byte more is for the fraction that parseBytes drops.
        expect(Math.abs(parseBytes('limitBytes', text) - bytes)).toBeLessThanOrEqual(bytes * 0.005 + 1);
      }),
    );
  });
});
