import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import type { Breach } from '../monitor/types';
import { selectVictims } from '../policy/select-victims';
import type { Candidate, KillNeed, KillPolicy, Ranked } from '../policy/types';
import type { PoolGauge } from './pool-gauge';
import { rankSafely } from './rank-safely';
import type { PoolState, ReliefOutcome, ReliefReport, TimelineEntry, Victim } from './types';
import type { WorkerProcess } from './worker-process';

/** Candidates with less than this share of the mark are passed over while larger ones exist. */
const minVictimFraction = 0.01;

export interface ReliefContext {
  gauge: PoolGauge;
  policy: KillPolicy;
  /** How long to wait for a victim's end before the next one is chosen. */
  victimTimeoutMs: number;
  /** Those that have not ended. */
  workers: () => readonly WorkerProcess[];
  closing: () => boolean;
  onVictim: (victim: Victim) => void;
}

/**
 * Everything done about one shortage: measure, rank, kill one, wait for its end, and again until the
 * need is gone. Fresh limits and usage before each victim.
 */
export class ReliefRound {
  readonly reportId = randomUUID();
  readonly #timeline: TimelineEntry[] = [];
  readonly #victims: Victim[] = [];
  #candidates: Candidate[] = [];
  #ranking: Ranked[] = [];
  #policyUsed: { policy: string; policyError?: string };

  constructor(
    private readonly breach: Breach,
    private readonly context: ReliefContext,
  ) {
    this.#policyUsed = { policy: context.policy.name };
    this.#timeline.push({ atMs: 0, step: 'noticed' });
  }

  async run(): Promise<ReliefReport> {
    this.#mark('started');
    const before = this.#measure();
    let outcome: ReliefOutcome | undefined;
    while (outcome === undefined) outcome = await this.#step();
    const after = this.#measure();
    this.#mark('ended');
    return this.#report(outcome, before, after);
  }

  /** One decision. Says how the round ended, or nothing when it goes on. */
  async #step(): Promise<ReliefOutcome | undefined> {
    if (this.context.closing()) return 'closed';
    const state = this.context.gauge.measure(true);
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

  #choose(workers: readonly WorkerProcess[], state: PoolState): { worker: WorkerProcess; ranked: Ranked } | undefined {
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
    this.#policyUsed = policyUsed;
    this.#mark('ranked');
    const [ranked] = selectVictims(ranking, this.#candidates, need);
    const worker = alive.find(({ facts }) => facts.id === ranked?.id);
    return ranked && worker && { worker, ranked };
  }

  async #kill(worker: WorkerProcess, { id, reason }: Ranked): Promise<void> {
    const candidate = this.#candidates.find((each) => each.id === id);
    const victim: Victim = { id, pid: worker.pid, reason, freeableBytes: candidate?.freeableBytes, died: false };
    this.#victims.push(victim);
    this.context.onVictim({ ...victim });
    worker.kill('relief', this.reportId);
    this.#mark('signalled', id);
    victim.died = await this.#anyEnds([worker]);
    if (victim.died) this.#mark('exited', id);
    else this.#giveUpOn([worker]);
  }

  async #anyEnds(workers: readonly WorkerProcess[]): Promise<boolean> {
    const timeout = new AbortController();
    const ends = workers.map(async ({ exited }) => {
      await exited;
      return true;
    });
    try {
      return await Promise.race([...ends, delay(this.context.victimTimeoutMs, false, { signal: timeout.signal })]);
    } finally {
      timeout.abort();
    }
  }

  #giveUpOn(workers: readonly WorkerProcess[]): void {
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
    const atMs = performance.now() - this.breach.detectedAtMs;
    this.#timeline.push({ atMs, step, ...(id !== undefined && { id }) });
  }

  #report(outcome: ReliefOutcome, before: PoolState, after: PoolState): ReliefReport {
    return {
      schemaVersion: 1,
      reportId: this.reportId,
      hostname: hostname(),
      atIso: new Date(performance.timeOrigin + this.breach.detectedAtMs).toISOString(),
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
