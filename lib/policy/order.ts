import type { Candidate, KillPolicy } from './types';

/** One thing to rank workers by. Pure, like a policy. */
export interface Criterion {
  /** Lower dies first; equal ones are left to the next criterion. NaN, or what is no number, counts as Infinity. */
  key(candidate: Candidate): number;
  /**
   * A clause for people, one line. `tied` are the workers that the criteria before this one do not tell
   * apart, the candidate among them, in the order of dying: `tied[0]` has the lowest key.
   */
  explain(candidate: Candidate, tied: readonly Candidate[]): string;
}

/** Criteria in the order of their weight, with a name for reports. What `firstBy()` puts together. */
export interface Order {
  readonly name: string;
  readonly criteria: readonly Criterion[];
}

/** A policy that ranks workers by comparing each with each, and therefore goes into `firstBy()`. */
export interface OrderPolicy extends KillPolicy, Order {
  readonly name: string;
}
