import type { Clock } from '../../clock';
import type { Breach } from '../../monitor/types';
import type { LimitScope } from '../containment/types';

/**
 * How long to leave alone a limit at which nobody can be killed, in milliseconds: the kernel counts it 40
 * times a second.
 */
const restMs = 500;

interface Rest {
  untilMs: number;
  /** Looks at it after the rest, when it was breached meanwhile. */
  timer?: NodeJS.Timeout;
  breach?: Breach;
}

/** Limits at which the last round could kill nobody: one report says it all, and two looks a second are enough. */
export class Helpless {
  readonly #rests = new Map<LimitScope, Rest>();
  #changes = 0;

  constructor(
    private readonly clock: Clock,
    private readonly look: (scope: LimitScope, breach: Breach) => void,
  ) {}

  /** How often somebody may have become killable; a round notes it at its start. */
  get changes(): number {
    return this.#changes;
  }

  has(scope: LimitScope): boolean {
    return this.#rests.has(scope);
  }

  /** Its round has killed nobody. It rests where that would be so again: not when something has changed, or may be read in a moment. */
  add(scope: LimitScope, changes: number, mayRest: boolean): void {
    const untilMs = mayRest && changes === this.#changes ? this.clock.now() + restMs : -Infinity;
    this.delete(scope);
    this.#rests.set(scope, { untilMs });
  }

  /** Whether a breach is not to be looked at yet; it will be when the rest is over. */
  holds(scope: LimitScope, breach: Breach): boolean {
    const rest = this.#rests.get(scope);
    if (rest === undefined) return false;
    const leftMs = rest.untilMs - this.clock.now();
    if (leftMs <= 0) return false;
    rest.breach = breach;
    rest.timer ??= setTimeout(() => {
      this.#wake(scope, rest);
    }, leftMs).unref();
    return true;
  }

  /** A worker has come or changed: perhaps there is somebody now. */
  changed(): void {
    this.#changes++;
    for (const [scope, rest] of this.#rests) this.#wake(scope, rest);
  }

  /** It is not short any more, or not watched. */
  delete(scope: LimitScope): void {
    this.#changes++;
    clearTimeout(this.#rests.get(scope)?.timer);
    this.#rests.delete(scope);
  }

  #wake(scope: LimitScope, rest: Rest): void {
    const { breach } = rest;
    clearTimeout(rest.timer);
    this.#rests.set(scope, { untilMs: -Infinity });
    if (breach !== undefined) this.look(scope, breach);
  }
}
