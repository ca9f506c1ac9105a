import { url as inspectorUrl } from 'node:inspector';
import type { Candidate, KillNeed, KillPolicy } from '../../policy/types';
import type { LimitScope } from '../containment/types';
import { minVictimBytesOf } from '../relief/min-victim-bytes';
import { rankSafely, type Ranking } from '../relief/rank-safely';
import type { PoolState } from '../types';
import type { WorkerProcess } from '../worker-process';
import { supposedBreach } from './supposed-breach';
import type { Takeover } from './takeover';

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

/**
 * The pause after a plan, in milliseconds: at most such a share of the time is spent on plans, but a plan
 * that is old chooses badly, above all without the workers that have come since.
 */
const shortestPauseMs = 20;
const longestPauseMs = 500;
const largestShare = 0.2;
/** How often sizes are looked at again; they matter once the limit is half used. */
const lookMs = 250;
const fromFraction = 0.5;

/** Keeps the plans of the native thread up to date while workers come, go, grow and change. */
export class PlanKeeper {
  /** The last one first; behind it the one before, if the native thread may have killed by that. */
  readonly #plans = new WeakMap<LimitScope, readonly Plan[]>();
  #due: NodeJS.Timeout | undefined;
  #notBeforeMs = 0;
  /** Whether no inspector stood in the way at the last refresh. */
  #mightAct = true;
  #stopped = false;
  readonly #looks: NodeJS.Timeout;

  constructor(private readonly context: PlanKeeperContext) {
    this.#looks = setInterval(() => {
      if (this.#mayAct() !== this.#mightAct) this.#refresh();
      else if (this.#isHalfUsed()) this.touch();
    }, lookMs).unref();
  }

  /** Something has changed that may change a rank: at once, for JavaScript may be blocked next; but many calls make few plans. */
  touch(): void {
    if (this.#stopped || this.#due !== undefined) return;
    const waitMs = this.#notBeforeMs - performance.now();
    if (waitMs <= 0) this.#refresh();
    else this.#due = setTimeout(() => {
      this.#due = undefined;
      this.#refresh();
    }, waitMs).unref();
  }

  /** The plan by which the native thread has killed this victim, until that is told. */
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
      const { takeover } = scope;
      if (!this.#mightAct) takeover?.disarm();
      // Until it is told what was done by a plan, it is kept.
      else if (takeover?.untold().length === 0) this.#plan(scope, takeover);
    }
    const nowMs = performance.now();
    this.#notBeforeMs = nowMs + Math.min(Math.max(shortestPauseMs, (nowMs - beganAtMs) / largestShare), longestPauseMs);
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

  #plan(scope: LimitScope, takeover: Takeover): void {
    const all = this.context.workersOf(scope);
    const workers = all.filter(({ dying }) => !dying);
    // Nobody kills these again, but a plan without them would kill the next one for what they are about to give back.
    const ending = all.flatMap(({ dying, stuck, victim }) => (dying && !stuck && victim !== undefined ? [victim] : []));
    const candidates = workers.map((worker) => worker.candidate());
    const ranking = rankSafely(this.context.policy, candidates, supposedNeed(takeover.cgroup, scope.gauge.measure(true)));
    const victims = new Map(workers.map(({ facts, victim }) => [facts.id, victim]));
    const ids = new Map(ranking.ranking.flatMap(({ id }) => {
      const victim = victims.get(id);
      return victim === undefined ? [] : [[victim, id] as const];
    }));
    if (this.#stopped) return; // in the policy
    takeover.arm([...ids.keys(), ...ending]);
    const [before] = this.#plans.get(scope) ?? [];
    // Whom it has killed while this plan was made is a candidate of the one before only.
    const superseded = before !== undefined && takeover.untold().length > 0 ? [before] : [];
    this.#plans.set(scope, [{ candidates, ranking, ids }, ...superseded]);
  }
}

/** A policy is asked what it would do if the limit were short now. */
function supposedNeed(cgroup: string, state: PoolState | undefined): KillNeed {
  const breach = supposedBreach({
    cgroup, reason: 'planned ahead, for the case that JavaScript does not answer', detectedAtMs: performance.now(), usage: state?.usage ?? {}, limits: state?.limits ?? {},
  });
  return { bytesToFree: state?.bytesToFree ?? 0, breach, dyingBytes: 0, minVictimBytes: minVictimBytesOf(state?.markBytes ?? 0) };
}
