import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import type { Breach } from '../monitor/types';
import { selectVictims } from '../policy/select-victims';
import type { Candidate, KillNeed, KillPolicy, Ranked } from '../policy/types';
import type { Gauge, LimitLevel } from './containment/types';
import { rankSafely } from './rank-safely';
import type { PoolState, ReliefOutcome, ReliefReport, TimelineEntry, Victim } from './types';
import type { WorkerProcess } from './worker-process';

/** Candidates with less than this share of the mark are passed over while larger ones exist. */
const minVictimFraction = 0.01;

/** The time that a round depends on; tests have their own. */
export interface Clock {
  /** Milliseconds on the time line of `performance.now()`. */
  now(): number;
  /** Resolves after the time; rejects, and leaves no timer, when the signal comes first. */
  wait(ms: number, signal: AbortSignal): Promise<void>;
}

const systemClock: Clock = {
  now: () => performance.now(),
  wait: (ms, signal) => delay(ms, undefined, { signal }),
};

export interface ReliefContext {
  /** Whose limit it is, and of which group or worker. */
  level: LimitLevel;
  id?: string;
  gauge: Gauge;
  policy: KillPolicy;
  /** How long to wait for a victim's end before the next one is chosen. */
  victimTimeoutMs: number;
  /** Those that have not ended. */
  workers: () => readonly RoundWorker[];
  closing: () => boolean;
  /** Whether the limit is gone, with all that it held. Default: it stays. */
  gone?: () => boolean;
  onVictim: (victim: Victim) => void;
  clock?: Clock;
}

/** What a round asks of a worker, and does to it. */
export type RoundWorker = Pick<WorkerProcess, 'facts' | 'pid' | 'exited' | 'dying' | 'dyingBytes' | 'stuck' | 'candidate' | 'kill' | 'markStuck'>;

/**
 * Everything done about one shortage: measure, rank, kill one, wait for its end, and again until the
 * need is gone. Fresh limits and usage before each victim.
 */
export class ReliefRound {
  readonly reportId = randomUUID();
  readonly #timeline: TimelineEntry[] = [];
  readonly #victims: Victim[] = [];
  readonly #clock: Clock;
  /** By the wall clock of now: what `performance.timeOrigin` says goes wrong when that clock is set. */
  readonly #noticedAt: Date;
  /**
   * What the native thread saw by the descriptors that it holds. Good for the first decision where
   * none is left to look anew: the victim's death frees some.
   */
  #evidence: PoolState | undefined;
  #candidates: Candidate[] = [];
  #ranking: Ranked[] = [];
  #policyUsed: { policy: string; policyError?: string };

  constructor(
    private readonly breach: Breach,
    private readonly context: ReliefContext,
  ) {
    this.#clock = context.clock ?? systemClock;
    this.#noticedAt = new Date(Date.now() - (this.#clock.now() - breach.detectedAtMs));
    this.#evidence = context.gauge.judge(breach.usage, breach.limits, true);
    this.#policyUsed = { policy: context.policy.name };
    this.#timeline.push({ atMs: 0, step: 'noticed' });
  }

  async run(): Promise<ReliefReport> {
    this.#mark('started');
    const before = this.#measure();
    let outcome: ReliefOutcome | undefined;
    while (outcome === undefined) outcome = await this.#step();
    const after = this.#isGone() ? { ...before, usage: {}, short: false, bytesToFree: 0 } : this.#measure();
    this.#mark('ended');
    return this.#report(outcome, before, after);
  }

  /** One decision. Says how the round ended, or nothing when it goes on. */
  async #step(): Promise<ReliefOutcome | undefined> {
    if (this.#isGone()) return 'relieved';
    if (this.context.closing()) return 'closed';
    if (this.context.gone?.() === true) return 'relieved';
    const state = this.context.gauge.measure(true) ?? this.#evidence;
    this.#evidence = undefined;
    if (state === undefined) return 'unreadable';
    this.#mark('measured');
    if (!state.short) return 'relieved';

    const workers = this.context.workers();
    const chosen = this.#choose(workers, state);
    if (chosen !== undefined) {
      await this.#kill(chosen.worker, chosen.ranked);
      return undefined;
    }
    const dying = workers.filter((worker) => worker.dying && !worker.stuck);
    if (dying.length === 0) return 'no-candidate';
    if (!(await this.#anyEnds(dying))) this.#giveUpOn(dying);
    return undefined;
  }

  /** With the worker whose limit it is, the limit goes, and the shortage. */
  #isGone(): boolean {
    return this.context.level === 'worker' && this.context.workers().length === 0;
  }

  #choose(workers: readonly RoundWorker[], state: PoolState): { worker: RoundWorker; ranked: Ranked } | undefined {
    const alive = workers.filter((worker) => !worker.dying);
    this.#candidates = alive.map((worker) => worker.candidate());
    const need: KillNeed = {
      bytesToFree: state.bytesToFree,
      breach: this.breach,
      dyingBytes: workers.reduce((sum, worker) => sum + worker.dyingBytes, 0),
      minVictimBytes: state.markBytes * minVictimFraction,
    };
    const { ranking, ...policyUsed } = rankSafely(this.context.policy, this.#candidates, need);
    this.#ranking = ranking;
    // Once the policy has failed the report says so, also when a later decision was its own again.
    if (this.#policyUsed.policyError === undefined) this.#policyUsed = policyUsed;
    this.#mark('ranked');
    const [ranked] = selectVictims(ranking, this.#candidates, need);
    const worker = alive.find(({ facts }) => facts.id === ranked?.id);
    return ranked && worker && { worker, ranked };
  }

  async #kill(worker: RoundWorker, { id, reason }: Ranked): Promise<void> {
    const candidate = this.#candidates.find((each) => each.id === id);
    const victim: Victim = { id, pid: worker.pid, reason, freeableBytes: candidate?.freeableBytes, died: false };
    this.#victims.push(victim);
    this.context.onVictim({ ...victim });
    worker.kill('relief', this.reportId, this.context.level);
    this.#mark('signalled', id);
    victim.died = await this.#anyEnds([worker]);
    if (victim.died) this.#mark('exited', id);
    else this.#giveUpOn([worker]);
  }

  async #anyEnds(workers: readonly RoundWorker[]): Promise<boolean> {
    const over = new AbortController();
    const timeout = this.#clock.wait(this.context.victimTimeoutMs, over.signal).then(() => false);
    const ends = workers.map(async ({ exited }) => {
      await exited;
      return true;
    });
    try {
      return await Promise.race([...ends, timeout]);
    } finally {
      over.abort();
    }
  }

  #giveUpOn(workers: readonly RoundWorker[]): void {
    for (const worker of workers) {
      worker.markStuck();
      this.#mark('stuck', worker.facts.id);
    }
  }

  #measure(): PoolState {
    const { usage, limits, short } = this.breach;
    return this.context.gauge.measure(true) ?? { usage, limits, short, markBytes: limits.highBytes ?? Infinity, bytesToFree: 0 };
  }

  #mark(step: TimelineEntry['step'], id?: string): void {
    const atMs = this.#clock.now() - this.breach.detectedAtMs;
    this.#timeline.push({ atMs, step, ...(id !== undefined && { id }) });
  }

  #report(outcome: ReliefOutcome, before: PoolState, after: PoolState): ReliefReport {
    return {
      schemaVersion: 1,
      reportId: this.reportId,
      hostname: hostname(),
      atIso: this.#noticedAt.toISOString(),
      limit: { level: this.context.level, ...(this.context.id !== undefined && { id: this.context.id }) },
      breach: this.breach,
      outcome,
      before,
      after,
      candidates: this.#candidates,
      ranking: this.#ranking,
      ...this.#policyUsed,
      victims: this.#victims,
      timeline: this.#timeline,
    };
  }
}
