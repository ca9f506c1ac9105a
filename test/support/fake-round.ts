import type { Breach } from '../../lib/monitor/types';
import type { KillPolicy } from '../../lib/policy';
import type { ReliefContext } from '../../lib/supervisor/relief/relief-context';
import { ReliefRound } from '../../lib/supervisor/relief/relief-round';
import type { Plan } from '../../lib/supervisor/takeover/plan-keeper';
import type { PlannedKill } from '../../lib/supervisor/takeover/planned-kill';
import type { PoolState, ReliefReport, Victim } from '../../lib/supervisor/types';
import { need } from '../policy/candidates';
import { FakeClock, type FakeWorker } from './fixture-pool';

const markBytes = 1000;
export const breach: Breach = { ...need(0).breach, detectedAtMs: 990, limits: { highBytes: markBytes } };

/** In the order in which they are given. */
export const inOrder: KillPolicy = { name: 'inOrder', rank: (all) => all.map(({ id }, place) => ({ id, reason: `place ${place}` })) };

export const settle = () => new Promise(setImmediate);
export const steps = ({ timeline }: ReliefReport): string[] => timeline.map(({ step, id }) => (id === undefined ? step : `${step} ${id}`));

/** A promise that is rejected and that nobody handles fails the test. */
export function failOnRejections(): void {
  const rejections: unknown[] = [];
  const note = (reason: unknown): void => void rejections.push(reason);
  beforeAll(() => process.on('unhandledRejection', note));
  afterAll(() => process.off('unhandledRejection', note));
  afterEach(async () => {
    await settle();
    expect(rejections.splice(0)).toEqual([]);
  });
}

/** A pool of fake workers, with `otherBytes` that no kill frees. Relief is reached at 950. */
export class FakePool {
  readonly clock = new FakeClock();
  readonly told: Victim[] = [];
  high = markBytes;
  readable = true;
  closing = false;
  onVictim = (): void => undefined;

  constructor(readonly workers: FakeWorker[], public otherBytes: number, readonly policy = inOrder, readonly limit: ReliefReport['limit'] = { level: 'pool' }) {}

  living = (): FakeWorker[] => this.workers.filter(({ alive }) => alive);

  measure = (wasShort: boolean): PoolState | undefined => {
    this.clock.nowMs += 1;
    if (!this.readable) return undefined;
    const pinnedBytes = this.otherBytes + this.living().reduce((sum, { bytes }) => sum + bytes, 0);
    const short = pinnedBytes > this.high * (wasShort ? 0.95 : 0.975);
    return { usage: { pinnedBytes }, limits: { highBytes: this.high }, short, markBytes: this.high, bytesToFree: short ? pinnedBytes - this.high * 0.95 : 0 };
  };

  /** What the breach's own figures amount to. */
  evidence: PoolState | undefined;
  readonly judge = (): PoolState | undefined => this.evidence;

  run(more: Partial<ReliefContext> = {}): Promise<ReliefReport> {
    return this.start(more).run();
  }

  start(more: Partial<ReliefContext>): ReliefRound {
    return new ReliefRound(breach, { ...this.#context(2000), clock: this.clock, ...more });
  }

  runInRealTime(victimTimeoutMs: number): Promise<ReliefReport> {
    return new ReliefRound(breach, this.#context(victimTimeoutMs)).run();
  }

  #context(victimTimeoutMs: number): ReliefContext {
    return {
      ...this.limit, pool: 'pool', reportId: 'report-1', dryRun: false, gauge: this, policy: this.policy, victimTimeoutMs, workers: this.living, closing: () => this.closing,
      reclaim: () => Promise.resolve([]), warn: () => Promise.resolve({ warned: [], waitMs: 0 }), pressing: () => false, takeover: undefined, planFor: () => undefined,
      gone: () => this.limit.level === 'worker' && this.living().length === 0,
      onVictim: (victim) => {
        this.told.push(victim);
        this.onVictim();
      },
    };
  }
}

/** The native thread as native/core/takeover.cc has it, for the victims of a pool: it kills when the test says so. */
export class FakeTakeover {
  leases = 0;
  readonly #claims = new Set<number>();
  #plan: Plan | undefined;
  #log: PlannedKill[] = [];
  #epoch = 0;
  #leasedEpoch = 0;

  constructor(readonly pool: FakePool) {
    for (const [index, worker] of pool.workers.entries()) worker.victim = index + 1;
  }

  /** What a round gets of it. */
  get context(): Pick<ReliefContext, 'takeover' | 'planFor'> {
    return { takeover: this, planFor: () => this.#plan };
  }

  lease = (): void => {
    this.leases++;
    this.#leasedEpoch = this.#epoch;
  };

  claim = (victim: number): 'claimed' | 'taken' | 'changed' => {
    if (this.#epoch !== this.#leasedEpoch) return 'changed';
    if (this.#claims.has(victim)) return 'taken';
    this.#claims.add(victim);
    return 'claimed';
  };

  kills = (): PlannedKill[] => this.#log.splice(0);

  /** By the plan that the policy makes of those that live, kept until it is told. False: somebody has claimed it before. */
  kill(worker: FakeWorker, { dies = true, planned = true, more = {} } = {}): boolean {
    const { victim = 0 } = worker;
    if (this.#claims.has(victim) || worker.dying || !worker.alive) return false;
    const { clock: { nowMs } } = this.pool;
    const { usage, limits, bytesToFree } = this.pool.measure(true) ?? { usage: {}, limits: { highBytes: 1000, maxBytes: Infinity }, bytesToFree: 0 };
    if (this.#log.length === 0) this.#plan = this.#newPlan();
    if (!planned && this.#plan !== undefined) this.#plan = { ...this.#plan, ids: new Map([...this.#plan.ids].filter(([each]) => each !== victim)) };
    this.#claims.add(victim);
    this.#epoch++;
    this.#log.push({
      victim, noticedAtMs: nowMs - 9, decidedAtMs: nowMs - 6, signalledAtMs: nowMs - 5, usage, limits: { maxBytes: Infinity, ...limits }, bytesToFree, dyingBytes: 0, freeableBytes: worker.bytes,
      ...(dies && { exitedAtMs: nowMs - 2 }), ...more,
    });
    // As WorkerProcess, which asks for the claim.
    worker.dying = true;
    if (dies) worker.end();
    return true;
  }

  #newPlan(): Plan {
    const workers = this.pool.living().filter(({ dying }) => !dying);
    const candidates = workers.map((each) => each.candidate());
    const ranking = { ranking: this.pool.policy.rank(candidates, need(0)), policy: this.pool.policy.name };
    return { candidates, ranking, ids: new Map(workers.map(({ victim = 0, id }) => [victim, id])) };
  }
}
