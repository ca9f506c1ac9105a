import { fillOf } from '../../../lib/supervisor/room/fill';

const state = { limits: { highBytes: 9 }, markBytes: 9, short: false, bytesToFree: 0 };

it('is what cannot be reclaimed, against the mark', () => {
  expect(fillOf({ ...state, usage: { currentBytes: 8, pinnedBytes: 5 } })).toEqual({ pinnedBytes: 5, markBytes: 9 });
});

it('is unknown where nothing was measured, or only the total', () => {
  expect(fillOf(undefined)).toBeUndefined();
  expect(fillOf({ ...state, usage: { currentBytes: 8 } })).toBeUndefined();
});
