import type { Breach } from '../../../lib/monitor/types';
import type { Candidate, Ranked } from '../../../lib/policy';
import type { Decision, PoolState, ReliefReport, TimelineEntry, Victim } from '../../../lib/supervisor/types';
import { candidate, GiB, MiB } from '../../policy/candidates';

const counters = { low: 0, high: 7, max: 0, oom: 0, oom_kill: 0, oom_group_kill: 0 };

export function state(pinnedBytes: number, given: Partial<PoolState> = {}): PoolState {
  const markBytes = given.markBytes ?? GiB;
  const short = given.short ?? pinnedBytes > markBytes * 0.95;
  return {
    usage: { currentBytes: pinnedBytes + 20 * MiB, pinnedBytes }, limits: { highBytes: markBytes, maxBytes: Infinity, swapMaxBytes: 0 }, short, markBytes,
    bytesToFree: short ? Math.ceil(pinnedBytes - markBytes * 0.95) : 0, ...given,
  };
}

export function breachOf({ usage, limits, short }: PoolState, given: Partial<Breach> = {}): Breach {
  return {
    source: 'event', cgroup: '/sys/fs/cgroup/jobs', reason: '/sys/fs/cgroup/jobs is short of memory (high +3)', sequence: 4, detectedAtMs: 123456.5, usage, limits, short,
    counters, delta: { ...counters, high: 3 }, ...given,
  } as Breach;
}

export function victim(id: string, given: Partial<Victim> = {}): Victim {
  return { id, pid: 4711, reason: 'busy with a task that can be retried, the only such worker', freeableBytes: 400 * MiB, by: 'javascript', signal: 'SIGKILL', died: true, ...given };
}

export function decision(candidates: readonly Candidate[], given: Partial<Decision> = {}): Decision {
  const freeableBytes = Object.fromEntries(candidates.map(({ id, freeableBytes: bytes }) => [id, bytes ?? null]));
  return { atMs: 2.5, by: 'javascript', bytesToFree: 100 * MiB, dyingBytes: 0, minVictimBytes: 10 * MiB, freeableBytes, ...given };
}

export const jobs: readonly Candidate[] = [
  candidate('db', { kind: 'service', freeableBytes: 120 * MiB, pid: 4700 }),
  candidate('build-3', { retriable: true, startedAtMs: 1000, freeableBytes: 300 * MiB, pid: 4710 }),
  candidate('build-7', { retriable: true, startedAtMs: 5000, freeableBytes: 412 * MiB, pid: 4711 }),
];

export const ranking: readonly Ranked[] = [
  { id: 'build-7', reason: 'busy with a task that can be retried, started last of 2 such workers' },
  { id: 'build-3', reason: 'busy with a task that can be retried, started 4 s before the newest of 2 such workers' },
];

const timeline: readonly TimelineEntry[] = [
  { atMs: 0, step: 'noticed' },
  { atMs: 1.2, step: 'leased' },
  { atMs: 1.31, step: 'measured' },
  { atMs: 2.5, step: 'decided', id: 'build-7' },
  { atMs: 2.61, step: 'signalled', id: 'build-7' },
  { atMs: 37.04, step: 'exited', id: 'build-7' },
  { atMs: 37.92, step: 'freed', id: 'build-7', bytes: 410 * MiB },
  { atMs: 38.2, step: 'ended' },
];

/** One victim, and all is well; but for what is given. */
export function reportOf(given: Partial<ReliefReport> = {}): ReliefReport {
  const before = given.before ?? state(1044 * MiB);
  return {
    schemaVersion: 1, reportId: '0b8f3c52-6f0e-4a64-9a55-0d6d7f0c2f11', hostname: 'ci-4', pool: 'jobs', atIso: '2026-11-21T03:12:09.412Z', limit: { level: 'pool' },
    breach: breachOf(before), dryRun: false, outcome: 'relieved', before, after: state(640 * MiB), candidates: structuredClone([...jobs]), ranking: [...ranking], policy: 'byStartTime',
    reclaimed: [], warned: [], decisions: [decision(jobs, { victim: 'build-7' })], victims: [victim('build-7', { freeableBytes: 412 * MiB, reason: ranking[0]?.reason ?? '' })],
    timeline: [...timeline], ...given,
  };
}
