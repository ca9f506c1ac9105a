import fc from 'fast-check';
import type { Candidate, KillNeed } from '../../lib/policy';

export const MiB = 2 ** 20;
export const GiB = 2 ** 30;

/** A busy, non-retriable task of 100 MiB that started at 0, but for what is given. */
export function candidate(id: string, given: Partial<Candidate> = {}): Candidate {
  return {
    id, group: 'default', retriable: false, kind: 'task', idle: false, startedAtMs: 0, usage: {}, freeableBytes: 100 * MiB, attempt: 0, ...given,
  };
}

export function need(bytesToFree: number, given: Partial<KillNeed> = {}): KillNeed {
  const counters = { low: 0, high: 1, max: 0, oom: 0, oom_kill: 0, oom_group_kill: 0 };
  return {
    bytesToFree,
    dyingBytes: 0,
    breach: {
      source: 'event', cgroup: '/pool', reason: 'test', sequence: 1, detectedAtMs: 0, usage: {}, limits: {}, short: true, counters, delta: counters,
    },
    ...given,
  };
}

export function idsOf(entries: readonly { id: string }[]): string[] {
  return entries.map(({ id }) => id);
}

/** What untyped callers and the JSON of a report (`null`) may hold where a number or a string is due. */
const missing = [undefined, null] as unknown as undefined[];

/** Small ranges, so that ties are common; a few values that must not break an order or a sum. */
const arbitraryCandidate: fc.Arbitrary<Candidate> = fc
  .record({
    id: fc.string({ maxLength: 3, unit: 'binary' }),
    retriable: fc.boolean(),
    kind: fc.constantFrom('task' as const, 'service' as const),
    idle: fc.boolean(),
    startedAtMs: fc.oneof({ weight: 8, arbitrary: fc.integer({ min: -3, max: 3 }) }, fc.constantFrom(-0, 0.25, NaN, Infinity, -Infinity, ...(missing as unknown as number[]))),
    freeableBytes: fc.oneof(
      { weight: 8, arbitrary: fc.integer({ min: 0, max: 20 }) },
      fc.constantFrom(undefined, undefined, GiB, NaN, -1, -0, Infinity, ...missing),
    ),
    priority: fc.oneof({ weight: 4, arbitrary: fc.integer({ min: -1, max: 2 }) }, fc.constantFrom(...missing, NaN, -0, Infinity, -Infinity)),
    boundBytes: fc.constantFrom(0, 5, 10, NaN, Infinity, -Infinity, ...missing),
    owner: fc.constantFrom('a', 'b', 'c', 'd\n\u2028e', '', ...missing),
  })
  .map(({ id, ...given }) => candidate(id, given as Partial<Candidate>));

export const arbitraryCandidates: fc.Arbitrary<Candidate[]> = fc.uniqueArray(arbitraryCandidate, { selector: ({ id }) => id, maxLength: 24 });

/** The same candidates in two orders. */
export const twoOrders: fc.Arbitrary<{ one: Candidate[]; other: Candidate[] }> = arbitraryCandidates.chain((one) =>
  fc.shuffledSubarray(one, { minLength: one.length }).map((other) => ({ one, other })),
);
