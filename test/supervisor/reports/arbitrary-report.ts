import fc from 'fast-check';
import type { ReliefReport } from '../../../lib/supervisor/types';
import { timelineSteps } from '../../../lib/supervisor/reports/timeline-steps';

const text = fc.oneof(fc.string({ unit: 'binary', maxLength: 12 }), fc.constantFrom('__proto__', 'constructor', 'toString', 'max', '\x1b[2J', '\u202e', ''));
const bytes = fc.oneof(fc.nat(), fc.constantFrom(0, Infinity, 2 ** 53 - 1));
const ms = fc.oneof(fc.double({ min: 0, max: 1e7, noNaN: true }), fc.constantFrom(0, 1e300)).map((value) => value + 0);
const maybe = <T>(of: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(of, { nil: undefined });
const record = <T>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }, required: (keyof T)[]): fc.Arbitrary<T> => fc.record(model, { requiredKeys: required as never[] }) as fc.Arbitrary<T>;
const all = <T extends object>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<T> => fc.record(model) as fc.Arbitrary<T>;

const usage = record({ currentBytes: bytes, pinnedBytes: bytes, shmemBytes: bytes, swapBytes: bytes }, []);
const limits = record({ highBytes: bytes, maxBytes: bytes, swapMaxBytes: bytes }, []);
const state = all({ usage, limits, short: fc.boolean(), markBytes: bytes, bytesToFree: bytes });
const counters = all({ low: fc.nat(), high: fc.nat(), max: fc.nat(), oom: fc.nat(), oom_kill: fc.nat(9), oom_group_kill: fc.nat() });
const base = { cgroup: text, reason: text, sequence: fc.nat(), detectedAtMs: ms, usage, limits, short: fc.boolean() };
const breach = fc.oneof(
  all({ ...base, source: fc.constant('event' as const), counters, delta: counters }),
  all({ ...base, source: fc.constant('threshold' as const), usedBytes: bytes, thresholdBytes: bytes, totalBytes: bytes, level: fc.string(), basis: fc.constant('anon-shmem' as const) }),
);
const by = fc.constantFrom('javascript' as const, 'native' as const);
const few = <T>(of: fc.Arbitrary<T>): fc.Arbitrary<T[]> => fc.array(of, { maxLength: 5 });

const required = ['id', 'group', 'retriable', 'kind', 'idle', 'startedAtMs', 'usage', 'freeableBytes', 'attempt'] as const;
const candidate = record(
  {
    id: text, pid: fc.nat(), group: text, owner: text, retriable: fc.boolean(), kind: fc.constantFrom('task' as const, 'service' as const), idle: fc.boolean(), startedAtMs: fc.oneof(ms, fc.constant(NaN)),
    usage, freeableBytes: maybe(bytes), priority: fc.integer(), attempt: fc.nat(5), labels: fc.dictionary(text, text),
  },
  [...required],
);
const victim = record(
  {
    id: text, pid: fc.nat(), reason: text, freeableBytes: maybe(bytes), by, signal: fc.constantFrom('SIGKILL' as const, 'SIGTERM' as const), died: fc.boolean(),
    stuck: record({ state: fc.oneof(text, fc.constantFrom('D', 'Z', 'T', 'R')), waitsFor: text }, ['state']),
  },
  ['id', 'pid', 'reason', 'freeableBytes', 'by', 'signal', 'died'],
);
const decision = record(
  { atMs: ms, by, bytesToFree: bytes, dyingBytes: bytes, minVictimBytes: bytes, freeableBytes: fc.dictionary(text, fc.option(bytes)), victim: text },
  ['atMs', 'by', 'bytesToFree', 'dyingBytes', 'minVictimBytes', 'freeableBytes'],
);

/** Any valid report, however senseless. */
export const arbitraryReport: fc.Arbitrary<ReliefReport> = record(
  {
    schemaVersion: fc.constant(1 as const), reportId: text, hostname: text, pool: text, atIso: text,
    limit: record({ level: fc.constantFrom('pool' as const, 'group' as const, 'worker' as const), id: text }, ['level']),
    breach, dryRun: fc.boolean(), outcome: fc.constantFrom('relieved' as const, 'no-candidate' as const, 'closed' as const, 'unreadable' as const, 'dry-run' as const),
    before: state, after: state, candidates: few(candidate), ranking: few(all({ id: text, reason: text })), policy: text, policyError: text,
    reclaimed: few(record({ name: text, askedBytes: bytes, givenBytes: bytes, tookMs: ms, error: text }, ['name', 'askedBytes', 'givenBytes', 'tookMs'])),
    warned: few(record({ id: text, how: fc.constantFrom('ipc' as const, 'signal' as const), error: text }, ['id', 'how'])),
    decisions: few(decision), victims: few(victim),
    timeline: few(record({ atMs: ms, step: fc.constantFrom(...timelineSteps), id: text, bytes }, ['atMs', 'step'])),
  },
  ['schemaVersion', 'reportId', 'hostname', 'pool', 'atIso', 'limit', 'breach', 'dryRun', 'outcome', 'before', 'after', 'candidates', 'ranking', 'policy', 'reclaimed', 'warned', 'decisions', 'victims', 'timeline'],
);
