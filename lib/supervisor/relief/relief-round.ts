import type { Breach } from '../../monitor/types';
import { selectVictims } from '../../policy/select-victims';
import type { Candidate, KillNeed, Ranked } from '../../policy/types';
import type { PlannedKill } from '../takeover/planned-kill';
import type { PoolState, ReliefOutcome, ReliefReport, Victim } from '../types';
import { systemClock, type Clock } from '../../clock';
import { endVictim, giveUpOn } from './end-victim';
import { markOf } from './mark-of';
import { minVictimBytesOf } from './min-victim-bytes';
import { rankSafely } from './rank-safely';
import { recordNativeKill } from './record-native-kill';
import type { ReliefContext, RoundWorker } from './relief-context';
import { RoundRecord } from './round-record';
import { anyEnds } from './worker-ends';

/** So long a measurement is good for a kill, in milliseconds: half of what the death of a large process takes. */
const freshMs = 10;

/** The policy's choice, and what it rests on. */
interface Choice {
  worker: RoundWorker;
  ranked: Ranked;
  candidates: readonly Candidate[];
  need: KillNeed;
}

/**
 * Everything done about one shortage: give back, warn, then rank, kill one, wait for its end, and again
 * until the need is gone. Fresh limits and usage before each victim.
 */
export class ReliefRound {
  readonly #record: RoundRecord;
  readonly #clock: Clock;
  /**
   * What the native thread saw by the descriptors that it holds. Good for the first decision where
   * none is left to look anew: the victim's death frees some. Not after something was given back.
   */
  #evidence: PoolState | undefined;
  /** What the first victim was decided on, or that there was no need. */
  #before: PoolState | undefined;
  #measuredAtMs = -Infinity;
  #gaveBack = false;
  #warned = false;
  #extended = false;
  /** What the last look saw, when that was the end of the shortage: whoever grows on a moment later is the matter of the next round. */
  #relieved: PoolState | undefined;
  /** Pinned memory at the decision, until what its victim has freed is seen. */
  #freeing: { id: string; pinnedBytes: number } | undefined;

  constructor(
    private readonly breach: Breach,
    private readonly context: ReliefContext,
  ) {
    this.#clock = context.clock ?? systemClock;
    this.#record = new RoundRecord(breach, context, this.#clock);
    this.#evidence = context.gauge.judge(breach.usage, breach.limits, true);
  }

  /** Another breach of the same limit: the round does not end before a look at what it means. */
  extend(): void {
    this.#extended = true;
    this.#record.mark('extended');
  }

  async run(): Promise<ReliefReport> {
    this.#record.mark('leased');
    const [first] = this.#adoptKills();
    this.#before = first && this.context.gauge.judge(first.usage, first.limits, true);
    let outcome: ReliefOutcome | undefined;
    while (outcome === undefined || (outcome === 'relieved' && this.#extended) || this.#adoptKills().length > 0) {
      this.#extended = false;
      outcome = await this.#step();
      if (outcome !== undefined) await this.#awaitNativeVictims();
    }
    const before = this.#before ?? this.#measure();
    const after = this.context.gone() ? { ...before, usage: {}, short: false, bytesToFree: 0 } : (outcome === 'relieved' ? this.#relieved : undefined) ?? this.#measure();
    this.#record.mark('ended');
    return this.#record.report(outcome, before, after, this.context.policy.name);
  }

  /** One decision. Says how the round ended, or nothing when it goes on. */
  async #step(): Promise<ReliefOutcome | undefined> {
    const { context } = this;
    context.takeover?.lease();
    this.#adoptKills();
    if (context.gone()) return 'relieved';
    if (context.closing()) return 'closed';
    // Before the pool is measured: what the dying give back in between would be in neither figure, and the next one would die for it.
    const dyingBytes = context.workers().reduce((sum, worker) => sum + worker.dyingBytes, 0);
    this.#measuredAtMs = this.#clock.now();
    const measured = context.gauge.measure(true);
    if (measured !== undefined) this.#evidence = undefined;
    const state = measured ?? this.#evidence;
    if (state === undefined) return 'unreadable';
    this.#before ??= state;
    this.#record.mark('measured');
    this.#noteFreed(state);
    this.#relieved = state.short ? undefined : state;
    if (!state.short) return 'relieved';
    if (await this.#spare(state)) return undefined;

    this.#evidence = undefined;
    const workers = context.workers();
    const dying = workers.filter((worker) => worker.dying && !worker.stuck);
    // What was seen before says nothing of what they have given back since.
    const choice = measured === undefined && dying.length > 0 ? undefined : this.#choose(workers, state, dyingBytes);
    if (context.dryRun) return this.#rehearse(choice);
    if (choice !== undefined) {
      await this.#kill(choice, state);
      return undefined;
    }
    if (dying.length === 0) return 'no-candidate';
    if (!(await anyEnds(dying, context.victimTimeoutMs, this.#clock))) for (const worker of dying) giveUpOn(worker, this.#record);
    return undefined;
  }

  /** What can be had without a death, each once in a round. Says whether to look anew. */
  async #spare({ bytesToFree }: PoolState): Promise<boolean> {
    if (!this.#gaveBack) {
      this.#gaveBack = true;
      const reclaimed = await this.context.reclaim(bytesToFree);
      for (const { name, givenBytes } of reclaimed) this.#record.mark('reclaimed', { id: name, bytes: givenBytes });
      this.#record.reclaimed.push(...reclaimed);
      if (reclaimed.some(({ givenBytes }) => givenBytes > 0)) this.#evidence = undefined;
      if (reclaimed.length > 0) return true;
    }
    if (this.#warned) return false;
    this.#warned = true;
    const { warned, waitMs } = await this.context.warn(this.context.workers(), bytesToFree);
    for (const { id } of warned) this.#record.mark('warned', { id });
    this.#record.warned.push(...warned);
    if (waitMs > 0) await anyEnds([], waitMs, this.#clock, () => this.context.closing() || this.context.gauge.measure(true)?.short !== true);
    // Telling them may have taken its time, too.
    const looksAnew = warned.length > 0 || waitMs > 0;
    if (looksAnew) this.#evidence = undefined;
    return looksAnew;
  }

  #choose(workers: readonly RoundWorker[], state: PoolState, dyingBytes: number): Choice | undefined {
    const alive = workers.filter((worker) => !worker.dying);
    const candidates = alive.map((worker) => worker.candidate());
    const need: KillNeed = {
      bytesToFree: state.bytesToFree,
      breach: this.breach,
      dyingBytes,
      minVictimBytes: minVictimBytesOf(state.markBytes),
    };
    const ranking = rankSafely(this.context.policy, candidates, need);
    this.#record.weigh(candidates, ranking);
    const [ranked] = selectVictims(ranking.ranking, candidates, need);
    const worker = alive.find(({ facts }) => facts.id === ranked?.id);
    return ranked && worker && { worker, ranked, candidates, need };
  }

  async #kill(choice: Choice, { usage }: PoolState): Promise<void> {
    const { worker } = choice;
    const { level, pressing } = this.context;
    const { id } = worker.facts;
    // While the policy ranked: nobody is told of who is not to die then.
    if (this.#adoptKills().length > 0) return;
    // If that took long, who was in its last moments has given its memory back by now: the next look says what is left to do.
    if (this.#clock.now() - this.#measuredAtMs > freshMs && this.context.gauge.measure(true)?.short === false) return;
    const victim = this.#victimOf(choice);
    this.#record.mark('decided', { id });
    this.context.onVictim({ ...victim });
    // At the pool's mark all others stand still meanwhile.
    // One that was asked before, and has not ended, is not asked again, and told of once.
    const known = this.#record.victims.find((each) => each.id === id);
    const asks = level !== 'pool' && worker.facts.graceMs > 0 && known === undefined && !pressing();
    // Not before the listeners: while they take their time the native thread may have to act.
    if (!asks && !this.#claim(worker)) return;
    this.#record.decide(choice.candidates, choice.need, id);
    if (known === undefined) this.#record.victims.push(victim);
    this.#freeing = { id, pinnedBytes: usage.pinnedBytes ?? 0 };
    // One that was only asked is still the native thread's to kill, when JavaScript is blocked then.
    const claim = (): boolean => !asks || (this.#adoptKills().length === 0 && this.#claim(worker));
    await endVictim(worker, known ?? victim, { ...this.context, asks, claim, clock: this.#clock, record: this.#record });
  }

  #claim(worker: RoundWorker): boolean {
    const claim = worker.victim === undefined ? 'claimed' : this.context.takeover?.claim(worker.victim);
    // Claimed before, and nobody has signalled it: it is this round's, which would choose it again for ever.
    return !(claim === 'changed' || (claim === 'taken' && worker.dying));
  }

  /** A dry run ends where the first signal would be sent. */
  #rehearse(choice: Choice | undefined): ReliefOutcome {
    if (choice === undefined) return 'no-candidate';
    this.#record.mark('decided', { id: choice.ranked.id });
    this.#record.decide(choice.candidates, choice.need, choice.ranked.id);
    const victim = this.#victimOf(choice);
    this.#record.victims.push(victim);
    this.context.onVictim({ ...victim });
    return 'dry-run';
  }

  #victimOf({ worker, ranked: { id, reason }, candidates }: Choice): Victim {
    const freeableBytes = candidates.find((each) => each.id === id)?.freeableBytes;
    return { id, pid: worker.pid, reason, freeableBytes, by: 'javascript', signal: 'SIGKILL', died: false };
  }

  #noteFreed({ usage: { pinnedBytes = 0 } }: PoolState): void {
    const freeing = this.#freeing;
    this.#freeing = undefined;
    if (freeing !== undefined) this.#record.mark('freed', { id: freeing.id, bytes: Math.max(0, freeing.pinnedBytes - pinnedBytes) });
  }

  /** Takes down what the native thread has done meanwhile, and returns it. */
  #adoptKills(): readonly PlannedKill[] {
    const { takeover, planFor, level, reportId } = this.context;
    const kills = takeover?.kills() ?? [];
    // Before the listeners, which may cause a new plan.
    const plans = kills.map(({ victim }) => planFor(victim));
    for (const [index, kill] of kills.entries()) {
      // Its end, which may be heard later, is told by this report.
      this.context.workers().find((worker) => worker.victim === kill.victim)?.wasKilled({ for: 'relief', level, reportId });
      const plan = plans[index];
      const victim = plan && recordNativeKill(kill, plan, this.#record);
      if (victim !== undefined) this.context.onVictim({ ...victim });
    }
    return kills;
  }

  async #awaitNativeVictims(): Promise<void> {
    for (const victim of this.#record.victims.filter(({ by, died }) => by === 'native' && !died)) {
      const worker = this.context.workers().find(({ facts }) => facts.id === victim.id);
      if (worker?.stuck === true) continue;
      victim.died = worker === undefined || (await anyEnds([worker], this.context.victimTimeoutMs, this.#clock));
      if (victim.died) this.#record.mark('exited', { id: victim.id });
      else if (worker !== undefined) giveUpOn(worker, this.#record);
    }
  }

  #measure(): PoolState {
    const { usage, limits, short } = this.breach;
    return this.context.gauge.measure(true) ?? { usage, limits, short, markBytes: markOf(limits), bytesToFree: 0 };
  }
}
