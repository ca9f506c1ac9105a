import { native } from '../../native';
import { plannedKill, type PlannedKill } from './planned-kill';

/**
 * The native thread's plan for one limit: whom it kills, one after the other, when JavaScript does not
 * answer a shortage within `takeoverMs`, or lets its lease run out in the midst of a round.
 */
export class Takeover {
  #epoch = 0;
  #lastWatch: number | undefined;
  #untold: PlannedKill[] = [];

  constructor(
    /** Whose limit it is. */
    readonly cgroup: string,
    /** Of the limit; `undefined` when it is not watched (any more). */
    private readonly watch: () => number | undefined,
    private readonly settings: { takeoverMs: number; victimTimeoutMs: number },
  ) {}

  /** Whether kills by this watch are its own, also when it is not watched any more. */
  owns(watch: number): boolean {
    return watch === this.#lastWatch;
  }

  /** The ranked victims; those that are not among them are protected. */
  arm(victims: readonly number[]): void {
    const watch = this.#watching();
    if (watch !== undefined) native().armPlan(watch, { victims, ...this.settings });
  }

  disarm(): void {
    const watch = this.watch();
    if (watch !== undefined) native().disarmPlan(watch);
  }

  /** JavaScript is at work on it: the native thread waits anew for `takeoverMs`. */
  lease(): void {
    const watch = this.watch();
    if (watch !== undefined) this.#epoch = native().leasePlan(watch);
  }

  release(): void {
    const watch = this.watch();
    if (watch !== undefined) native().releasePlan(watch);
  }

  /**
   * JavaScript has seen the end of the shortage: the native thread sees it, too. Below the mark nothing else would tell
   * it so, and it would go by that shortage still when `takeoverMs` is over.
   */
  seeEnd(): void {
    native().lookNow(this.cgroup);
  }

  /**
   * Before a kill by JavaScript. `'taken'`: the native thread has killed it. `'changed'`: it has killed
   * since the last `lease()`, so the choice rests on figures of before.
   */
  claim(victim: number): 'claimed' | 'taken' | 'changed' {
    const watch = this.watch();
    if (watch === undefined) return 'claimed';
    const result = native().claimVictim(watch, victim, this.#epoch);
    // A listener may have killed it by `worker.kill()` just now: then it is JavaScript's already.
    return result === 'taken' && native().victimState(victim).claim === 'javascript' ? 'claimed' : result;
  }

  /** What the native thread has done since the last `kills()`, oldest first. */
  untold(): readonly PlannedKill[] {
    const watch = this.#watching();
    if (watch !== undefined) this.#untold.push(...native().takeKills(watch).map(plannedKill));
    return this.#untold;
  }

  /** The same; then it is told. */
  kills(): readonly PlannedKill[] {
    const kills = this.untold();
    this.#untold = [];
    return kills;
  }

  #watching(): number | undefined {
    const watch = this.watch();
    this.#lastWatch = watch ?? this.#lastWatch;
    return watch;
  }
}
