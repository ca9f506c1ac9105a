import type { Breach, MemoryCounters, MemoryLimits, MemoryUsage, PressureTotals } from '../../monitor/types';
import type { Candidate, Ranked } from '../../policy/types';
import type { Decision, PoolState, Reclaimed, ReliefOutcome, ReliefReport, TimelineEntry, Victim, Warned } from '../types';
import { bytes, flag, list, map, nullable, number, oneOf, optional, record, text, time, unexpected, type Reader } from './shape';
import { timelineSteps } from './timeline-steps';

const outcomes: readonly ReliefOutcome[] = ['relieved', 'no-candidate', 'closed', 'unreadable', 'dry-run'];

/** More workers than one host runs. */
const maxWorkers = 10_000;

const usage = record<MemoryUsage>({
  currentBytes: optional(bytes),
  pinnedBytes: optional(bytes),
  anonBytes: optional(bytes),
  fileBytes: optional(bytes),
  inactiveFileBytes: optional(bytes),
  activeFileBytes: optional(bytes),
  shmemBytes: optional(bytes),
  kernelBytes: optional(bytes),
  slabReclaimableBytes: optional(bytes),
  swapBytes: optional(bytes),
});

const limits = record<MemoryLimits>({ highBytes: optional(bytes), maxBytes: optional(bytes), swapMaxBytes: optional(bytes) });

const poolState = record<PoolState>({ usage, limits, short: flag, markBytes: bytes, bytesToFree: bytes });

const counters = record<MemoryCounters>({ low: number, high: number, max: number, oom: number, oom_kill: number, oom_group_kill: number });

const pressureTotals = record<PressureTotals>({ someMs: number, fullMs: number });

/** What all breaches have; what one source adds is kept where it is plain (a figure, a word). */
interface AnyBreach extends Pick<Breach, 'cgroup' | 'reason' | 'sequence' | 'detectedAtMs' | 'usage' | 'limits' | 'short'> {
  source: string;
  counters?: MemoryCounters;
  delta?: MemoryCounters;
  totals?: PressureTotals;
  growth?: PressureTotals;
}

const breach = record<AnyBreach>({
  source: text,
  cgroup: text,
  reason: text,
  sequence: number,
  detectedAtMs: number,
  usage,
  limits,
  short: flag,
  counters: optional(counters),
  delta: optional(counters),
  totals: optional(pressureTotals),
  growth: optional(pressureTotals),
}) as Reader<Breach>;

const candidate = record<Candidate>({
  id: text,
  pid: optional(number),
  group: text,
  owner: optional(text),
  retriable: flag,
  kind: oneOf(['task', 'service']),
  idle: flag,
  startedAtMs: time,
  usage,
  freeableBytes: optional(bytes),
  priority: optional(bytes),
  attempt: number,
  labels: optional(map(text)),
  boundBytes: optional(bytes),
});

const victim = record<Victim>({
  id: text,
  pid: number,
  reason: text,
  freeableBytes: optional(bytes),
  by: oneOf(['javascript', 'native']),
  signal: oneOf(['SIGKILL', 'SIGTERM']),
  died: flag,
  stuck: optional(record<NonNullable<Victim['stuck']>>({ state: text, waitsFor: optional(text) })),
});

const decision = record<Decision>({
  atMs: number,
  by: oneOf(['javascript', 'native']),
  bytesToFree: bytes,
  dyingBytes: bytes,
  minVictimBytes: bytes,
  freeableBytes: map(nullable(bytes)),
  victim: optional(text),
});

const schemaVersion: Reader<1> = (value, at) => {
  if (value !== 1) throw unexpected(value, at, '1');
  return value;
};

/** Checks a relief report that was read from JSON, and makes it again field by field. */
export const reportShape = record<ReliefReport>({
  schemaVersion,
  reportId: text,
  hostname: text,
  pool: text,
  atIso: text,
  limit: record<ReliefReport['limit']>({ level: oneOf(['pool', 'group', 'worker']), id: optional(text) }),
  breach,
  dryRun: flag,
  outcome: oneOf(outcomes),
  before: poolState,
  after: poolState,
  candidates: list(candidate, maxWorkers),
  ranking: list(record<Ranked>({ id: text, reason: text }), maxWorkers),
  policy: text,
  policyError: optional(text),
  reclaimed: list(record<Reclaimed>({ name: text, askedBytes: bytes, givenBytes: bytes, tookMs: number, error: optional(text) })),
  warned: list(record<Warned>({ id: text, how: oneOf(['ipc', 'signal']), error: optional(text) })),
  decisions: list(decision, maxWorkers),
  victims: list(victim, maxWorkers),
  timeline: list(record<TimelineEntry>({ atMs: number, step: oneOf(timelineSteps), id: optional(text), bytes: optional(bytes) })),
});
