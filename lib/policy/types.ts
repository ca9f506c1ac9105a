import type { Breach, MemoryUsage } from '../monitor/types';

/** A worker as a policy sees it: a snapshot, never a handle. */
export interface Candidate {
  id: string;
  pid?: number;
  group: string;
  owner?: string;
  /** Whether the work can be done again elsewhere or later. Default false. */
  retriable: boolean;
  /** A `'task'` ends by itself, a `'service'` is meant to stay. Default `'task'`. */
  kind: 'task' | 'service';
  /** Whether the worker holds no work at present. */
  idle: boolean;
  /** Start of its present work, on the time line of `performance.now()`. */
  startedAtMs: number;
  usage: MemoryUsage;
  /** What its death would give back: anon + swap. `undefined`: unknown, counted as 0. */
  freeableBytes: number | undefined;
  /** Higher dies later. */
  priority?: number;
  /** How many times this work was started before; 0 for the first. */
  attempt: number;
  labels?: Record<string, string>;
}

export interface KillNeed {
  bytesToFree: number;
  breach: Breach;
  /** Memory of victims that were signalled and are not gone yet. */
  dyingBytes: number;
  /**
   * Candidates with less to free are passed over while a larger allowed one exists.
   * The supervisor sets 1 % of the mark. Default 0.
   */
  minVictimBytes?: number;
}

export interface Ranked {
  id: string;
  /** One sentence for people: why it stands at this place. */
  reason: string;
}

/**
 * Says who dies first. Pure and deterministic: no clock, no files, no randomness. A candidate that
 * is left out is protected.
 */
export interface KillPolicy {
  name: string;
  rank(candidates: readonly Candidate[], need: KillNeed): Ranked[];
}
