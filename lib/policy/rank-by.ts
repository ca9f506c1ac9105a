import type { Criterion } from './order';
import type { Candidate, Ranked } from './types';

interface Keyed {
  candidate: Candidate;
  keys: readonly number[];
  clauses: string[];
}

/**
 * Ranks all candidates by criteria, and what these leave equal by `ties`, then by id. The reason says
 * what each criterion says, and each tie that decided something. O(n log n).
 */
export function rankBy(candidates: readonly Candidate[], criteria: readonly Criterion[], ties: readonly Criterion[] = []): Ranked[] {
  // The same criterion again would decide nothing.
  const all = [...new Set([...criteria, ...ties])];
  const sorted = sort(candidates, all);
  let runs = [sorted];
  for (const [index, criterion] of all.entries()) {
    const isTie = !criteria.includes(criterion);
    for (const run of runs) {
      if (isTie && run[0]?.keys[index] === run.at(-1)?.keys[index]) continue;
      const tied = run.map(({ candidate }) => candidate);
      for (const { candidate, clauses } of run) {
        const clause = criterion.explain(candidate, tied);
        if (!clauses.includes(clause)) clauses.push(clause);
      }
    }
    // Nobody asks who is tied after the last one: there would be a run for nearly each.
    if (index + 1 < all.length) runs = runs.flatMap((run) => split(run, index));
  }
  return sorted.map(({ candidate: { id }, clauses }) => ({ id, reason: join(clauses) }));
}

/** A clause with a comma of its own ends with a semicolon. */
function join(clauses: readonly string[]): string {
  return clauses.reduce((text, clause, index) => `${text}${clauses[index - 1]?.includes(',') ? ';' : ','} ${clause}`);
}

/** The candidates alone, in the order of {@link rankBy}. */
export function inOrder(candidates: readonly Candidate[], criteria: readonly Criterion[]): Candidate[] {
  return sort(candidates, criteria).map(({ candidate }) => candidate);
}

function sort(candidates: readonly Candidate[], criteria: readonly Criterion[]): Keyed[] {
  return candidates
    .map((candidate) => ({ candidate, keys: criteria.map((each) => keyOf(each, candidate)), clauses: [] }))
    .sort(compare);
}

// A comparison with NaN is not an order; `null` comes from the JSON of a report.
function keyOf(criterion: Criterion, candidate: Candidate): number {
  const key: unknown = criterion.key(candidate);
  return typeof key === 'number' && !Number.isNaN(key) ? key : Infinity;
}

/** Total: it ends by id, which no two workers share, so the order in which they came plays no part. */
function compare(a: Keyed, b: Keyed): number {
  for (let index = 0; index < a.keys.length; index += 1) {
    const [key, other] = [a.keys[index] ?? 0, b.keys[index] ?? 0];
    // No subtraction: Infinity - Infinity is NaN.
    if (key !== other) return key < other ? -1 : 1;
  }
  // By code units: `localeCompare` would rank differently from machine to machine.
  return a.candidate.id === b.candidate.id ? 0 : a.candidate.id < b.candidate.id ? -1 : 1;
}

/** Cuts a sorted run where the key changes. */
function split(run: readonly Keyed[], index: number): Keyed[][] {
  const runs: Keyed[][] = [];
  for (const each of run) {
    const last = runs.at(-1);
    if (last !== undefined && last[0]?.keys[index] === each.keys[index]) last.push(each);
    else runs.push([each]);
  }
  return runs;
}
