import { byStartTime } from '../policy/by-start-time';
import type { Candidate, KillNeed, KillPolicy, Ranked } from '../policy/types';

export interface Ranking {
  ranking: Ranked[];
  /** Name of the policy that made it. */
  policy: string;
  /** Why the chosen policy was not used. */
  policyError?: string;
}

/** Asks the policy; one that throws or returns nonsense is replaced by `byStartTime()` for this decision. */
export function rankSafely(policy: KillPolicy, candidates: readonly Candidate[], need: KillNeed): Ranking {
  try {
    // A policy gets copies: what it does to them must not reach the report, or another policy.
    const ranking: unknown = policy.rank(structuredClone(candidates), structuredClone(need));
    const nonsense = findNonsense(ranking, candidates);
    if (nonsense === undefined) return { ranking: ranking as Ranked[], policy: policy.name };
    return fallBack(nonsense);
  } catch (error) {
    return fallBack(`it threw ${String(error)}`);
  }

  function fallBack(why: string): Ranking {
    const substitute = byStartTime();
    return {
      ranking: substitute.rank(candidates, need),
      policy: substitute.name,
      policyError: `the policy ${JSON.stringify(policy.name)} was not used: ${why}`,
    };
  }
}

function findNonsense(ranking: unknown, candidates: readonly Candidate[]): string | undefined {
  if (!Array.isArray(ranking)) return 'it returned no list';
  const ids = new Set(candidates.map(({ id }) => id));
  for (const entry of ranking as unknown[]) {
    const { id, reason } = (entry ?? {}) as Partial<Ranked>;
    if (typeof id !== 'string' || typeof reason !== 'string') return 'it returned an entry without id and reason';
    if (!ids.delete(id)) return `it returned ${JSON.stringify(id)}, which is no candidate or stands there twice`;
  }
  return undefined;
}
