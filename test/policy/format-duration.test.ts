import { formatDuration } from '../../lib/policy/format-duration';

describe('formatDuration', () => {
  it.each([
    [0, 'less than 1 ms'],
    [0.9, 'less than 1 ms'],
    [1, '1 ms'],
    [999.9, '999 ms'],
    [1000, '1 s'],
    [2199, '2.1 s'],
    [59_999, '59.9 s'],
    [60_000, '1 min'],
    [3_599_999, '59 min'],
    [5_400_000, '1.5 h'],
    [172_799_999, '47.9 h'],
    [259_200_000, '3 d'],
  ])('%d ms: %s', (durationMs, text) => {
    expect(formatDuration(durationMs)).toBe(text);
  });
});
