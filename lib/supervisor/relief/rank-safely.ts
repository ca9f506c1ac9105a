import { types } from 'node:util';
import { byStartTime } from '../../policy/by-start-time';
import type { Candidate, KillNeed, KillPolicy, Ranked } from '../../policy/types';
import { textOf } from '../../text-of';

export interface Ranking {
  ranking: Ranked[];
  /** Name of the policy that made it. */
  policy: string;
  /** Why the chosen policy was not used. */
  policyError?: string;
}

/** Asks the policy; one that throws or returns nonsense is replaced by `byStartTime()` for this decision. Never throws. */
export function rankSafely(policy: KillPolicy, candidates: readonly Candidate[], need: KillNeed): Ranking {
  let name = 'of unknown name';
  try {
    name = JSON.stringify(policy.name);
    // A policy gets copies: what it does to them must not reach the report, or another policy.
    const result: unknown = policy.rank(structuredClone(candidates), structuredClone(need));
    const ranking = copyOf(result, candidates);
    if (typeof ranking !== 'string') return { ranking, policy: policy.name };
    return fallBack(candidates, need, `the policy ${name} was not used: ${ranking}`);
  } catch (error) {
    return fallBack(candidates, need, `the policy ${name} was not used: it threw ${textOf(error)}`);
  }
}

function fallBack(candidates: readonly Candidate[], need: KillNeed, policyError: string): Ranking {
  const substitute = byStartTime();
  return { ranking: substitute.rank(candidates, need), policy: substitute.name, policyError };
}

/** The ranking as plain data, read once, or what is wrong with it. */
function copyOf(result: unknown, candidates: readonly Candidate[]): Ranked[] | string {
  if (types.isPromise(result)) {
    // Nobody else waits for it, and a rejection that nobody handles ends the process.
    result.catch(() => undefined);
    return 'it returned a promise; rank() must return the list itself';
  }
  if (!Array.isArray(result)) return 'it returned no list';
  const ids = new Set(candidates.map(({ id }) => id));
  const ranking: Ranked[] = [];
  for (const entry of result as unknown[]) {
    const { id, reason } = (entry ?? {}) as Partial<Ranked>;
    if (typeof id !== 'string' || typeof reason !== 'string') return 'it returned an entry without id and reason';
    if (!ids.delete(id)) return `it returned ${JSON.stringify(id)}, which is no candidate or stands there twice`;
    ranking.push({ id, reason });
  }
  return ranking;
}
