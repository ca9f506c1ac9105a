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
  /** What its death would give back, in bytes: anon + swap. `undefined`: unknown, counted as 0, as is what is no amount. */
  freeableBytes: number | undefined;
  /** Higher dies later. Default: none, which `byPriority()` counts as 0. */
  priority?: number;
  /** How many times this work was started before; 0 for the first. */
  attempt: number;
  labels?: Record<string, string>;
  /** What it has declared to need at most, by the caps or the minimum of its `memory`. */
  boundBytes?: number;
}

export interface KillNeed {
  /** What is in use above the mark, and the kill buffer on top, so that the pool is not short again at once. */
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
 * Says who dies first. Pure and deterministic: no clock, no files, no randomness; the same ranking in
 * whatever order the candidates come.
 *
 * A candidate that is left out is protected: Spillway never chooses it. Protect few: when those that are
 * ranked do not cover the need, nobody else is chosen, and the kernel's OOM killer picks among all.
 *
 * A policy of your own is any object of this form. One that throws, or returns something else than each
 * of some candidates once with a reason, is replaced by `byStartTime()` for that decision, and the report says so.
 */
export interface KillPolicy {
  name: string;
  /** The first entry dies first. Must not change what it gets. */
  rank(candidates: readonly Candidate[], need: KillNeed): Ranked[];
}
