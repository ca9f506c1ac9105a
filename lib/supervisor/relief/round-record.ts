import { hostname } from 'node:os';
import type { Breach } from '../../monitor/types';
import type { Candidate, KillNeed } from '../../policy/types';
import type { LimitLevel } from '../containment/types';
import type { Decision, PoolState, Reclaimed, ReliefOutcome, ReliefReport, TimelineEntry, TimelineStep, Victim, Warned } from '../types';
import type { Clock } from '../../clock';
import type { Ranking } from './rank-safely';

/** What a round is about. */
export interface RoundSubject {
  reportId: string;
  /** Name of the supervisor's pool. */
  pool: string;
  /** Whose limit it is, and of which group or worker. */
  level: LimitLevel;
  id?: string;
  dryRun: boolean;
}

/** Takes down what a round sees and does, and makes the report of it. */
export class RoundRecord {
  readonly reclaimed: Reclaimed[] = [];
  readonly warned: Warned[] = [];
  readonly decisions: Decision[] = [];
  readonly victims: Victim[] = [];
  readonly #timeline: TimelineEntry[] = [];
  readonly #candidates = new Map<string, Candidate>();
  #ranking: Ranking | undefined;
  /** By the wall clock of now: what `performance.timeOrigin` says goes wrong when that clock is set. */
  readonly #noticedAt: Date;

  constructor(
    private readonly breach: Breach,
    private readonly subject: RoundSubject,
    private readonly clock: Clock,
  ) {
    this.#noticedAt = new Date(Date.now() - (clock.now() - breach.detectedAtMs));
    this.#timeline.push({ atMs: 0, step: 'noticed' });
  }

  /** Milliseconds since the breach was noticed. */
  get nowMs(): number {
    return this.sinceNoticed(this.clock.now());
  }

  /** The same of another time of the clock. */
  sinceNoticed(atMs: number): number {
    return atMs - this.breach.detectedAtMs;
  }

  mark(step: TimelineStep, more: Partial<Omit<TimelineEntry, 'step'>> = {}): void {
    // A storm of breaches is one extension until something else happens.
    if (step === 'extended' && this.#timeline.at(-1)?.step === step) return;
    this.#timeline.push({ atMs: this.nowMs, step, ...more });
  }

  /** Everybody who was weighed: each as it was seen for the first time. */
  weigh(candidates: readonly Candidate[], ranking: Ranking): void {
    for (const candidate of candidates) if (!this.#candidates.has(candidate.id)) this.#candidates.set(candidate.id, candidate);
    this.#ranking ??= ranking;
    // Once the policy has failed the report says so, also when another decision was its own.
    const { policy, policyError } = ranking;
    if (this.#ranking.policyError === undefined && policyError !== undefined) this.#ranking = { ...this.#ranking, policy, policyError };
  }

  /** JavaScript has chosen `victim` on these figures. */
  decide(candidates: readonly Candidate[], { bytesToFree, dyingBytes, minVictimBytes = 0 }: KillNeed, victim: string): void {
    const freeableBytes = Object.fromEntries(candidates.map((each) => [each.id, each.freeableBytes ?? null]));
    this.decisions.push({ atMs: this.nowMs, by: 'javascript', bytesToFree, dyingBytes, minVictimBytes, freeableBytes, victim });
  }

  report(outcome: ReliefOutcome, before: PoolState, after: PoolState, policy: string): ReliefReport {
    const { reportId, pool, level, id, dryRun } = this.subject;
    const { ranking, ...policyUsed } = this.#ranking ?? { ranking: [], policy };
    return {
      schemaVersion: 1,
      reportId,
      hostname: hostname(),
      pool,
      atIso: this.#noticedAt.toISOString(),
      limit: { level, ...(id !== undefined && { id }) },
      breach: this.breach,
      dryRun,
      outcome,
      before,
      after,
      candidates: [...this.#candidates.values()],
      ranking,
      ...policyUsed,
      reclaimed: this.reclaimed,
      warned: this.warned,
      decisions: this.decisions,
      victims: this.victims,
      // The native thread's part is told when JavaScript has woken.
      timeline: this.#timeline.toSorted((a, b) => a.atMs - b.atMs),
    };
  }
}
