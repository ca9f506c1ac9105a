import { minVictimBytesOf } from '../../../lib/supervisor/relief/min-victim-bytes';

it.each([[1000, 10], [0, 0], [Infinity, 0], [-Infinity, 0], [NaN, 0]])('of a mark of %d: %d', (mark, bytes) => {
  expect(minVictimBytesOf(mark)).toBe(bytes);
});
