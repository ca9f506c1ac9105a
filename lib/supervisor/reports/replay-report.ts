import { freeableBytesOf } from '../../policy/freeable-bytes';
import { selectVictims } from '../../policy/select-victims';
import type { Candidate, KillNeed, KillPolicy, Ranked } from '../../policy/types';
import { rankSafely } from '../relief/rank-safely';
import type { Decision, ReliefReport } from '../types';
import type { ReplayedLoss } from './replay';

export interface ReplayedReport {
  reportId: string;
  atIso: string;
  limit: ReliefReport['limit'];
  /** Ids of the victims then, and of those of the policy that was asked, in the order of dying. */
  before: string[];
  would: string[];
  /** Whether these are the same, in the same order. */
  same: boolean;
  /** The decision (from 0) in which the policy chose another one first; `undefined`: none. What follows is simulated. */
  differsAt?: number;
  beforeLoss: ReplayedLoss;
  wouldLoss: ReplayedLoss;
  /** Whether what the policy would have killed covers the need, by the sizes of then. */
  covered: boolean;
  /** The policy's order at `differsAt`, or else at the first decision. */
  ranking: Ranked[];
  policyError?: string;
}

/** Replays one report: see `replay()`. */
export function replayReport(report: ReliefReport, policy: KillPolicy): ReplayedReport {
  const { reportId, atIso, limit, victims } = report;
  const weighed = weighedAt(report);
  const died = weighed.flatMap(({ decision, candidates }) => candidates.filter(({ id }) => id === decision.victim));
  // A worker over its own mark: nothing was to be chosen.
  const asItWas: Choice = { taken: died, ranking: report.ranking, covered: report.outcome !== 'no-candidate' };
  const { taken, differsAt, ranking, policyError, covered } = limit.level === 'worker' ? asItWas : choose(report, weighed, policy);
  const before = victims.map(({ id }) => id);
  const would = taken.map(({ id }) => id);
  return {
    reportId, atIso, limit, before, would,
    same: before.length === would.length && before.every((id, at) => id === would[at]),
    ...(differsAt !== undefined && { differsAt }),
    beforeLoss: lossOf(died),
    wouldLoss: lossOf(taken),
    covered, ranking,
    ...(policyError !== undefined && { policyError }),
  };
}

interface Choice {
  taken: Candidate[];
  differsAt?: number;
  ranking: Ranked[];
  policyError?: string;
  covered: boolean;
}

/** A decision, and those that could be chosen then, of the sizes that they had. */
interface Weighed {
  decision: Decision;
  candidates: Candidate[];
}

function choose(report: ReliefReport, weighed: readonly Weighed[], policy: KillPolicy): Choice {
  const taken: Candidate[] = [];
  let firstRanking: Ranked[] | undefined;
  let failed: { policyError?: string } = {};
  for (const [at, { decision, candidates }] of weighed.entries()) {
    const need = needOf(report, decision, decision.bytesToFree);
    const { ranking, policyError } = rankSafely(policy, candidates, need);
    if (policyError !== undefined) failed = { policyError };
    firstRanking ??= ranking;
    const [chosen] = selectVictims(ranking, candidates, need);
    if (chosen?.id === decision.victim) {
      taken.push(...candidatesIn(chosen === undefined ? [] : [chosen], candidates));
      continue;
    }
    // The ranking of this one moment, and with it the whole need.
    const wholeNeed = needOf(report, decision, remainingNeed(report, at));
    const rest = candidatesIn(selectVictims(ranking, candidates, wholeNeed), candidates);
    return { taken: [...taken, ...rest], differsAt: at, ranking, ...failed, covered: sizeOf(rest) >= wholeNeed.bytesToFree - wholeNeed.dyingBytes };
  }
  // Every choice was the same, so how it ended then is how it would have ended.
  return { taken, ranking: firstRanking ?? [], ...failed, covered: report.outcome !== 'no-candidate' };
}

function weighedAt({ candidates, decisions }: ReliefReport): Weighed[] {
  const places = new Map(candidates.map(({ id }, place) => [id, place]));
  return decisions.map((decision) => {
    // In the order of the report, which a policy may (but should not) depend on; `Object.entries` puts numbers first.
    const entries = Object.entries(decision.freeableBytes).flatMap(([id, bytes]) => {
      const place = places.get(id);
      const candidate = place === undefined ? undefined : candidates[place];
      return place === undefined || candidate === undefined ? [] : [{ place, candidate: { ...candidate, freeableBytes: bytes ?? undefined } }];
    });
    return { decision, candidates: entries.sort((a, b) => a.place - b.place).map(({ candidate }) => candidate) };
  });
}

function needOf({ breach }: ReliefReport, { dyingBytes, minVictimBytes }: Decision, bytesToFree: number): KillNeed {
  return { bytesToFree, breach, dyingBytes, minVictimBytes };
}

/**
 * What had to be freed from a decision on: its own need, and how much more it was at each later one than the victim
 * before should have left. Not the sum of the needs: a second decision mostly asks for what the first victim did not
 * give.
 */
function remainingNeed({ decisions }: ReliefReport, from: number): number {
  let bytes = decisions[from]?.bytesToFree ?? 0;
  for (const [at, { bytesToFree }] of decisions.entries()) {
    const last = decisions[at - 1];
    if (at <= from || last === undefined) continue;
    const gave = last.victim !== undefined && Object.hasOwn(last.freeableBytes, last.victim) ? (last.freeableBytes[last.victim] ?? 0) : 0;
    bytes += Math.max(0, bytesToFree - Math.max(0, last.bytesToFree - gave));
  }
  return bytes;
}

function candidatesIn(ranked: readonly Ranked[], candidates: readonly Candidate[]): Candidate[] {
  const byId = new Map(candidates.map((each) => [each.id, each]));
  return ranked.flatMap(({ id }) => byId.get(id) ?? []);
}

function sizeOf(candidates: readonly Candidate[]): number {
  return candidates.reduce((sum, each) => sum + freeableBytesOf(each), 0);
}

function lossOf(victims: readonly Candidate[]): ReplayedLoss {
  const busy = victims.filter(({ idle }) => !idle);
  const retriable = busy.filter((each) => each.retriable).length;
  return { victims: victims.length, freedBytes: sizeOf(victims), notRetriable: busy.length - retriable, retriable, idle: victims.length - busy.length };
}
