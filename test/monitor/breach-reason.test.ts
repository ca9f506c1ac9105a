import fc from 'fast-check';
import { breachReason } from '../../lib/monitor/breach-reason';
import { memoryEventKeys, type MemoryCounters } from '../../lib/monitor/types';
import { MiB } from '../support/fixture-cgroup';

type Report = Parameters<typeof breachReason>[1];

const none = Object.fromEntries(memoryEventKeys.map((key) => [key, 0])) as MemoryCounters;
const limits = { highBytes: 100 * MiB, maxBytes: 200 * MiB };
const known = { known: true, short: false, markBytes: 100 * MiB, clearBytes: 95 * MiB, bytesToFree: 0 };
const short = { ...known, short: true, pinnedBytes: 99 * MiB, bytesToFree: 4 * MiB };
const unknown = { ...known, known: false };

// Whole sentences: somebody reads them at three in the morning.
it.each<[string, Partial<Report>, string]>([
  [
    'a shortage: what is pinned, the mark, what must go', { shortness: short, delta: { ...none, high: 7 } },
    '/pool is short of memory: 99 MiB cannot be reclaimed, memory.high is 100 MiB (high +7); 4 MiB must be freed',
  ],
  [
    'a shortage that the safety read found', { shortness: short },
    '/pool is short of memory: 99 MiB cannot be reclaimed, memory.high is 100 MiB (no new event, seen at a safety read); 4 MiB must be freed',
  ],
  [
    'a shortage at memory.max, which is lower', { shortness: short, limits: { highBytes: 300 * MiB, maxBytes: 100 * MiB }, delta: { ...none, max: 2 } },
    '/pool is short of memory: 99 MiB cannot be reclaimed, memory.max is 100 MiB (max +2); 4 MiB must be freed',
  ],
  [
    'a shortage at memory.max, as memory.high is not known', { shortness: short, limits: { maxBytes: 100 * MiB }, delta: { ...none, max: 1 } },
    '/pool is short of memory: 99 MiB cannot be reclaimed, memory.max is 100 MiB (max +1); 4 MiB must be freed',
  ],
  [
    'a shortage at equal limits', { shortness: short, limits: { highBytes: 100 * MiB, maxBytes: 100 * MiB }, delta: { ...none, high: 1 } },
    '/pool is short of memory: 99 MiB cannot be reclaimed, memory.high is 100 MiB (high +1); 4 MiB must be freed',
  ],
  [
    'a shortage in which the kernel came first', { shortness: short, delta: { ...none, high: 3, oom: 1, oom_kill: 2, oom_group_kill: 1 } },
    '/pool is short of memory: 99 MiB cannot be reclaimed, memory.high is 100 MiB (high +3, oom +1, oom_kill +2, oom_group_kill +1); ' +
      "4 MiB must be freed; the kernel's OOM killer has killed 2 processes",
  ],
  [
    'churn: that it copes, and why', { shortness: { ...known, pinnedBytes: MiB }, delta: { ...none, high: 2, max: 1 } },
    '/pool: high +2, max +1, not short: only 1 MiB of 100 MiB cannot be reclaimed, the rest is cache',
  ],
  [
    'far below the mark', { shortness: known, usage: { currentBytes: 5 * MiB }, delta: { ...none, low: 1 } },
    '/pool: low +1, not short: it uses 5 MiB of 100 MiB',
  ],
  [
    'no limit of its own, while the machine is full', { shortness: { ...known, markBytes: Infinity }, limits: {}, delta: { ...none, oom_kill: 1 } },
    "/pool: oom_kill +1, not short: it has no limit of its own; the kernel's OOM killer has killed a process",
  ],
  [
    'files that do not tell', { shortness: unknown, limits: {}, delta: { ...none, high: 1 } },
    '/pool: high +1; its usage or limits cannot be read, so whether it is short is unknown',
  ],
  [
    'what the native thread has done', { delta: { ...none, high: 3 }, kills: 2 },
    '/pool: high +3, short while JavaScript did not answer, and 2 workers were killed by the native thread; not short now: it uses 0 B of 100 MiB',
  ],
])('%s', (_what, given, sentence) => {
  expect(breachReason('/pool', { delta: none, shortness: known, usage: {}, limits, kills: 0, ...given })).toBe(sentence);
});

it('is always one line, names the cgroup first, and shows no number that nobody can read', () => {
  const bytes = fc.oneof(fc.nat(), fc.constantFrom(undefined, 0, 2 ** 53 - 1, Infinity));
  const report = fc.record({
    delta: fc.record(Object.fromEntries(memoryEventKeys.map((key) => [key, fc.nat()])) as Record<keyof MemoryCounters, fc.Arbitrary<number>>),
    shortness: fc.record({
      known: fc.boolean(), short: fc.boolean(), pinnedBytes: fc.nat(), markBytes: fc.oneof(fc.nat(), fc.constant(Infinity)), clearBytes: fc.nat(), bytesToFree: fc.nat(),
    }),
    usage: fc.record({ currentBytes: fc.nat() }),
    kills: fc.nat({ max: 3 }),
    limits: fc.record({ highBytes: bytes, maxBytes: bytes }) as fc.Arbitrary<Report['limits']>,
  });
  fc.assert(
    fc.property(report, (each) => {
      const sentence = breachReason('/pool', each);
      expect(sentence).toMatch(/^\/pool(:| is short)[^\n]+$/);
      expect(sentence).not.toMatch(/undefined|NaN|Infinity|\[object/);
      expect(sentence.includes('must be freed')).toBe(each.shortness.known && each.shortness.short);
      expect(sentence.includes('OOM killer')).toBe(each.delta.oom_kill > 0);
    }),
  );
});
