import { pressureReason } from '../../lib/monitor/pressure-reason';
import { MiB } from '../support/fixture-cgroup';

type Report = Parameters<typeof pressureReason>[2];

const shortness = { known: false, short: false, markBytes: Infinity, clearBytes: Infinity, bytesToFree: 0 };
const base: Report = { totals: { someMs: 9000, fullMs: 8000 }, growth: { someMs: 2300, fullMs: 312.5 }, usage: {}, shortness };
const known = { ...shortness, known: true, markBytes: 100 * MiB };
const full = { stall: 'full', stallMs: 150, windowMs: 1000 } as const;

// Whole sentences: somebody reads them at three in the morning.
it.each<[string, Parameters<typeof pressureReason>[1], Partial<Report>, string]>([
  ['a full stall', full, {}, '/pool: all tasks waited 150 ms or more of 1000 ms for memory, 312 ms since the breach before or the start'],
  ['a partial one', { ...full, stall: 'some', stallMs: 0.2, windowMs: 2000 }, {},
    '/pool: some tasks waited 0.2 ms or more of 2000 ms for memory, 2.3 s since the breach before or the start'],
  ['one of a short cgroup', full, { shortness: { ...known, short: true, pinnedBytes: 99 * MiB } },
    '/pool: all tasks waited 150 ms or more of 1000 ms for memory, 312 ms since the breach before or the start; it is short: 99 MiB of 100 MiB cannot be reclaimed'],
  ['one of a cgroup that is not short', full, { shortness: known, usage: { currentBytes: 50 * MiB } },
    '/pool: all tasks waited 150 ms or more of 1000 ms for memory, 312 ms since the breach before or the start; not short: it uses 50 MiB of 100 MiB'],
  ['one without a limit', full, { shortness: { ...known, markBytes: Infinity }, usage: { currentBytes: 50 * MiB } },
    '/pool: all tasks waited 150 ms or more of 1000 ms for memory, 312 ms since the breach before or the start; not short: it uses 50 MiB without a limit'],
])('%s', (_what, trigger, report, sentence) => {
  expect(pressureReason('/pool', trigger, { ...base, ...report })).toBe(sentence);
});
