import type { KillPolicy } from '../../policy/types';
import type { ReliefReport } from '../types';
import { replayReport, type ReplayedReport } from './replay-report';

export interface ReplaySummary {
  reports: number;
  /** In so many the same workers would have died, in the same order. */
  same: number;
  before: ReplayedLoss;
  would: ReplayedLoss;
  /** Reports in which the policy would not have freed what was needed: it protects too much, or sizes are unknown. */
  notCovered: number;
  /** Reports in which the policy failed, and `byStartTime()` was asked in its place. */
  policyErrors: number;
}

/** What all reports together cost. */
export interface ReplayedLoss {
  victims: number;
  freedBytes: number;
  /** Victims that held work which cannot be done again. */
  notRetriable: number;
  /** Victims that held work which can be done again: that much is to be repeated. */
  retriable: number;
  /** Victims that held no work. */
  idle: number;
}

export interface Replay {
  /** Name of the policy that was asked. */
  policy: string;
  reports: ReplayedReport[];
  summary: ReplaySummary;
}

/**
 * What another policy would have done in the shortages that were reported. Pure: nothing is measured, nobody dies.
 *
 * As long as the policy chooses whom the supervisor chose then, each decision is replayed on the figures of its own
 * time. From the first other choice on the past is no guide: the victim's neighbours would have lived and grown, or
 * not. There one ranking is asked for, and `selectVictims()` takes from it what covers the rest of the round's need:
 * what had to be freed at that decision, and by how much the need grew afterwards beyond what the victims of then
 * gave back. So it answers "who would have been chosen, of what size", not "how would the day have gone": later
 * reports are replayed as they stand, though another victim might have prevented them.
 *
 * A worker over its own mark dies for it under any policy, so such reports are always the same. A policy that throws
 * or returns nonsense is replaced by `byStartTime()`, as in a supervisor, and `policyError` says so.
 */
export function replay(reports: Iterable<ReliefReport>, policy: KillPolicy): Replay {
  const replayed: ReplayedReport[] = [];
  for (const report of reports) replayed.push(replayReport(report, policy));
  return {
    policy: policy.name,
    reports: replayed,
    summary: {
      reports: replayed.length,
      same: replayed.filter(({ same }) => same).length,
      before: sumOf(replayed.map(({ beforeLoss }) => beforeLoss)),
      would: sumOf(replayed.map(({ wouldLoss }) => wouldLoss)),
      notCovered: replayed.filter(({ covered }) => !covered).length,
      policyErrors: replayed.filter(({ policyError }) => policyError !== undefined).length,
    },
  };
}

function sumOf(losses: readonly ReplayedLoss[]): ReplayedLoss {
  const sum: ReplayedLoss = { victims: 0, freedBytes: 0, notRetriable: 0, retriable: 0, idle: 0 };
  for (const loss of losses) {
    sum.victims += loss.victims;
    sum.freedBytes += loss.freedBytes;
    sum.notRetriable += loss.notRetriable;
    sum.retriable += loss.retriable;
    sum.idle += loss.idle;
  }
  return sum;
}
