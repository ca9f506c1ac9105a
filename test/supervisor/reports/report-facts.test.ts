import { blockedMs, reliefMs, throttles, totalMs } from '../../../lib/supervisor/reports/report-facts';
import type { TimelineEntry } from '../../../lib/supervisor/types';
import { MiB } from '../../policy/candidates';
import { breachOf, decision, jobs, reportOf, state, victim } from './reports-of';

const noticed: TimelineEntry = { atMs: 0, step: 'noticed' };

it('how long it took', () => {
  expect([totalMs(reportOf()), reliefMs(reportOf())]).toEqual([38.2, 37.92]);
  expect(reliefMs(reportOf({ timeline: [noticed, { atMs: 4, step: 'ended' }] }))).toBe(4);
  expect(reliefMs(reportOf({ outcome: 'no-candidate' }))).toBeUndefined();
  expect(totalMs(reportOf({ timeline: [] }))).toBe(0);
});

it('how long JavaScript gave no sign', () => {
  const native = decision(jobs, { by: 'native', atMs: 300, victim: 'build-7' });
  expect(blockedMs(reportOf())).toBeUndefined();
  expect(blockedMs(reportOf({ decisions: [native], timeline: [noticed] }))).toBe(300);
  expect(blockedMs(reportOf({ decisions: [native], timeline: [noticed, { atMs: 2000, step: 'leased' }] }))).toBe(2000);
  expect(blockedMs(reportOf({ decisions: [native], timeline: [noticed, { atMs: 5, step: 'leased' }] }))).toBe(295);
  expect(blockedMs(reportOf({ decisions: [decision(jobs, { atMs: 90 }), native], timeline: [noticed, { atMs: 5, step: 'leased' }] }))).toBe(210);
  // A victim of the native thread whose decision is not on record.
  expect(blockedMs(reportOf({ decisions: [], victims: [victim('a', { by: 'native' })], timeline: [noticed, { atMs: 120, step: 'signalled', id: 'a' }] }))).toBe(120);
});

it('whether the kernel slows down whoever is above the mark', () => {
  expect(throttles(reportOf())).toBe(true);
  const limited = (highBytes: number, maxBytes: number): ReturnType<typeof reportOf> => reportOf({ before: state(999 * MiB, { limits: { highBytes, maxBytes } }) });
  expect([limited(2, 1), limited(Infinity, 1), limited(1, 2)].map(throttles)).toEqual([false, false, true]);
  const measured = (basis: 'pinned' | 'anon-shmem'): ReturnType<typeof reportOf> => reportOf({ breach: breachOf(state(999 * MiB), { source: 'threshold', basis }) });
  expect([measured('anon-shmem'), measured('pinned')].map(throttles)).toEqual([false, true]);
});
