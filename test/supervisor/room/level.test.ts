import fc from 'fast-check';
import { Level } from '../../../lib/supervisor/room/level';

const at = (pinnedBytes: number, markBytes = 1000) => ({ pinnedBytes, markBytes });

it('is passed at the level, and left only below the gap', () => {
  const level = new Level(0.95);
  const seen = [949, 950, 990, 931, 930, 929, 949, 950].map((pinned) => [level.update(at(pinned)), level.passed]);
  expect(seen).toEqual([[false, false], [true, true], [false, true], [false, true], [false, true], [false, false], [false, false], [true, true]]);
});

it('is not passed where nobody can tell, or there is no mark', () => {
  const level = new Level(0.5);
  level.update(at(999));
  level.update(undefined);
  expect(level.passed).toBe(false);
  level.update(at(999));
  level.update(at(2 ** 52, Infinity));
  expect(level.passed).toBe(false);
});

it('a mark of 0 is passed', () => {
  expect(new Level(0.9).update(at(0, 0))).toBe(true);
});

it('for every level an empty pool is below it, and a full one is not', () => {
  fc.assert(fc.property(fc.double({ min: 0.001, max: 1, noNaN: true }), (fraction) => {
    const level = new Level(fraction);
    level.update(at(1000));
    level.update(at(0));
    expect(level.passed).toBe(false);
    level.update(at(1000));
    expect(level.passed).toBe(true);
  }));
});
