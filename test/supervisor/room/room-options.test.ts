import { exactFrom, parseRoomOptions, type RoomOptions } from '../../../lib/supervisor/room/room-options';
import { errorOf } from '../../support/error-of';

it('has defaults', () => {
  const defaults = { levels: { reclaimAt: 0.9, slowAt: 0.95, warnAt: 0.95 }, intervalMs: 250, maxSpawnDelayMs: 1000 };
  expect(parseRoomOptions({})).toEqual(defaults);
  expect(parseRoomOptions({ levels: {} })).toEqual(defaults);
});

it('takes what is given', () => {
  const given = { levels: { reclaimAt: 0.5, slowAt: 0.5, warnAt: 1 }, intervalMs: 10, maxSpawnDelayMs: 0 };
  expect(parseRoomOptions(given)).toEqual(given);
});

it.each<[unknown, string]>([
  [null, 'the room'], [{ level: {} }, "did you mean 'levels'"], [{ levels: 5 }, 'levels'], [{ levels: { slow: 1 } }, "did you mean 'slowAt'"],
  [{ levels: { reclaimAt: 0 } }, 'levels.reclaimAt'], [{ levels: { slowAt: 1.1 } }, 'levels.slowAt'], [{ levels: { warnAt: NaN } }, 'levels.warnAt'], [{ levels: { warnAt: '1' } }, 'levels.warnAt'],
  [{ levels: { slowAt: 0.8 } }, 'levels.slowAt (0.8) not to be below levels.reclaimAt (0.9)'], [{ intervalMs: 9 }, 'roomMs'], [{ intervalMs: 1001 }, 'roomMs'],
  [{ maxSpawnDelayMs: -1 }, 'maxSpawnDelayMs'], [{ maxSpawnDelayMs: 60_001 }, 'maxSpawnDelayMs'],
])('refuses %j', (options, text) => {
  expect(errorOf(() => parseRoomOptions(options as RoomOptions))).toMatchObject({ code: 'ERR_SPILLWAY_INVALID_OPTION', message: expect.stringContaining(text) as string });
});

it.each([
  [{}, 0.9],
  [{ reclaimAt: 0.95 }, 0.93],
  [{ warnAt: 0.5 }, 0.48],
  [{ reclaimAt: 0.01, slowAt: 0.01 }, 0.005],
])('%j: exact from %d on, the lowest at which a level is passed or left', (levels, fraction) => {
  expect(exactFrom(parseRoomOptions({ levels }).levels)).toBeCloseTo(fraction);
});
