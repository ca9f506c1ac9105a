import { url as inspectorUrl } from 'node:inspector';
import type { EventBreach } from '../../monitor/types';
import type { Candidate, KillNeed, KillPolicy } from '../../policy/types';
import type { LimitScope } from '../containment/types';
import { minVictimBytesOf } from '../relief/min-victim-bytes';
import { rankSafely, type Ranking } from '../relief/rank-safely';
import type { PoolState } from '../types';
import type { WorkerProcess } from '../worker-process';

export interface PlanKeeperContext {
  policy: KillPolicy;
  /** Those whose limits are watched. */
  scopes: () => Iterable<LimitScope>;
  /** Those that may die for the limit. */
  workersOf: (scope: LimitScope) => readonly WorkerProcess[];
  /** Whether plans stay armed while a debugger may hold JavaScript. */
  underInspector: boolean;
}

/** What the native thread was told for one limit. */
export interface Plan {
  candidates: readonly Candidate[];
  ranking: Ranking;
  /** The workers' ids by their native numbers. */
  ids: ReadonlyMap<number, string>;
}

/** At most every so often, in milliseconds, and at most such a share of the time is spent on it. */
const pauseMs = 20;
const largestShare = 0.05;
/** How often sizes are looked at again; they matter once the limit is half used. */
const lookMs = 250;
const fromFraction = 0.5;

/** Keeps the plans of the native thread up to date while workers come, go, grow and change. */
export class PlanKeeper {
  /** The newest first. One before it, too: after a pause of JavaScript a new plan may be made before it is known what the old one was used for. */
  readonly #plans = new WeakMap<LimitScope, readonly Plan[]>();
  #due: NodeJS.Timeout | undefined;
  #notBeforeMs = 0;
  /** Whether no inspector stood in the way at the last refresh. */
  #mightAct = true;
  #stopped = false;
  readonly #looks: NodeJS.Timeout;

  constructor(private readonly context: PlanKeeperContext) {
    this.#looks = setInterval(() => {
      if (this.#mayAct() !== this.#mightAct || this.#isHalfUsed()) this.touch();
    }, lookMs).unref();
  }

  /** Something has changed that may change a rank. Many calls make one plan. */
  touch(): void {
    if (this.#stopped || this.#due !== undefined) return;
    const waitMs = Math.max(0, this.#notBeforeMs - performance.now());
    this.#due = setTimeout(() => {
      this.#due = undefined;
      this.#refresh();
    }, waitMs).unref();
  }

  /** The plan that a kill was made by. */
  planFor(scope: LimitScope, victim: number): Plan | undefined {
    return this.#plans.get(scope)?.find(({ ids }) => ids.has(victim));
  }

  /** Disarms all. */
  stop(): void {
    this.#stopped = true;
    clearInterval(this.#looks);
    clearTimeout(this.#due);
    for (const { takeover } of this.context.scopes()) takeover?.disarm();
  }

  #refresh(): void {
    const beganAtMs = performance.now();
    this.#mightAct = this.#mayAct();
    for (const scope of this.context.scopes()) {
      if (!this.#mightAct) scope.takeover?.disarm();
      else if (scope.takeover !== undefined) this.#plan(scope);
    }
    const nowMs = performance.now();
    this.#notBeforeMs = nowMs + Math.max(pauseMs, (nowMs - beganAtMs) / largestShare);
  }

  #mayAct(): boolean {
    return this.context.underInspector || inspectorUrl() === undefined;
  }

  #isHalfUsed(): boolean {
    return [...this.context.scopes()].some(({ takeover, gauge }) => {
      const state = takeover && gauge.measure(false);
      return state !== undefined && (state.usage.pinnedBytes ?? state.usage.currentBytes ?? 0) > fromFraction * state.markBytes;
    });
  }

  #plan(scope: LimitScope): void {
    const workers = this.context.workersOf(scope).filter(({ dying }) => !dying);
    const candidates = workers.map((worker) => worker.candidate());
    const ranking = rankSafely(this.context.policy, candidates, supposedNeed(scope.gauge.measure(true)));
    const victims = new Map(workers.map(({ facts, victim }) => [facts.id, victim]));
    const ids = new Map(ranking.ranking.flatMap(({ id }) => {
      const victim = victims.get(id);
      return victim === undefined ? [] : [[victim, id] as const];
    }));
    if (this.#stopped) return; // in the policy
    scope.takeover?.arm([...ids.keys()]);
    this.#plans.set(scope, [{ candidates, ranking, ids }, ...(this.#plans.get(scope)?.slice(0, 1) ?? [])]);
  }
}

/** A policy is asked what it would do if the limit were short now. */
function supposedNeed(state: PoolState | undefined): KillNeed {
  const none = { low: 0, high: 0, max: 0, oom: 0, oom_kill: 0, oom_group_kill: 0 };
  const breach: EventBreach = {
    source: 'event', cgroup: '', reason: 'planned ahead, for the case that JavaScript does not answer', sequence: 0, detectedAtMs: performance.now(),
    usage: state?.usage ?? {}, limits: state?.limits ?? {}, short: true, counters: none, delta: none,
  };
  return { bytesToFree: state?.bytesToFree ?? 0, breach, dyingBytes: 0, minVictimBytes: minVictimBytesOf(state?.markBytes ?? 0) };
}
