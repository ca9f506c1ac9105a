import { SpillwayError } from '../errors';
import type { Breach } from '../monitor/types';
import { formatBytes } from '../format-bytes';
import type { KillPolicy } from '../policy/types';
import type { LimitScope } from './containment/types';
import { ReliefRound } from './relief-round';
import type { SupervisorEvents } from './types';
import type { WorkerProcess } from './worker-process';

export interface ReliefDeskContext {
  policy: KillPolicy;
  victimTimeoutMs: number;
  /** Those that have not ended. */
  workers: () => readonly WorkerProcess[];
  /** Tells the supervisor's listeners. Never throws. */
  emit: <Name extends 'breach' | 'victim' | 'relief' | 'degraded'>(name: Name, ...args: SupervisorEvents[Name]) => void;
}

/** A worker over its own mark dies for it; there is nothing to choose. */
const ownMark: KillPolicy = {
  name: 'ownMark',
  rank: (candidates, { breach: { limits } }) =>
    candidates.map(({ id }) => ({ id, reason: `over its own mark of ${formatBytes(Math.min(limits.highBytes ?? Infinity, limits.maxBytes ?? Infinity))}` })),
};

/** Hears all limits, and sees to it that there is never more than one relief round. */
export class ReliefDesk {
  readonly counts = { shortBreaches: 0, churnBreaches: 0, reliefRounds: 0 };
  readonly #scopes = new Set<LimitScope>();
  /** Limits that are short and wait for their round, with what was heard last. */
  readonly #waiting = new Map<LimitScope, Breach>();
  /** Of these the last round found nobody to kill: one report says it all. */
  readonly #helpless = new Set<LimitScope>();
  /** Whose round is under way. */
  #current: LimitScope | undefined;
  #rounds: Promise<void> | undefined;
  #stopped = false;

  constructor(private readonly context: ReliefDeskContext) {}

  /** Settles when no round is under way; `undefined` when none is. */
  get rounds(): Promise<void> | undefined {
    return this.#rounds;
  }

  /** @throws what the monitor's `start()` throws */
  watch(scope: LimitScope): void {
    if (this.#stopped || this.#scopes.has(scope)) return;
    const { monitor } = scope;
    monitor.on('breach', (breach) => {
      this.#onBreach(scope, breach);
    });
    monitor.on('clear', () => this.#helpless.delete(scope));
    monitor.on('degraded', (error) => {
      this.context.emit('degraded', error);
    });
    monitor.on('removed', () => {
      if (this.#scopes.delete(scope)) this.context.emit('degraded', removedBySomebody(scope, monitor.state));
    });
    monitor.start();
    this.#scopes.add(scope);
  }

  /** Its limit is about to go, on purpose. */
  unwatch(scope: LimitScope): void {
    this.#scopes.delete(scope);
    this.#waiting.delete(scope);
    this.#helpless.delete(scope);
    scope.monitor.stop();
  }

  /** No event starts a round now; the one under way ends before its next victim. */
  stop(): void {
    this.#stopped = true;
    for (const scope of [...this.#scopes]) this.unwatch(scope);
  }

  #onBreach(scope: LimitScope, breach: Breach): void {
    if (breach.short) this.counts.shortBreaches++;
    else this.counts.churnBreaches++;
    // First of all, and a microtask later: the listeners of the first victim must find a round that is under way.
    // A round looks afresh before it ends, so a breach of the same limit in its course needs no other.
    if (breach.short && !this.#stopped && scope !== this.#current) {
      this.#waiting.set(scope, breach);
      this.#rounds ??= Promise.resolve()
        .then(() => this.#relieveAll())
        .finally(() => (this.#rounds = undefined));
    }
    this.context.emit('breach', breach);
  }

  async #relieveAll(): Promise<void> {
    for (let next = this.#next(); next !== undefined && !this.#stopped; next = this.#next()) {
      const [scope, breach] = next;
      this.#waiting.delete(scope);
      this.#current = scope;
      try {
        await this.#relieve(scope, breach);
      } catch (cause) {
        this.context.emit('degraded', new SpillwayError('ERR_SPILLWAY_SYSTEM', 'A relief round failed; the next safety read starts another', { cause }));
      } finally {
        this.#current = undefined;
      }
    }
  }

  /** The narrowest limit first: what it gives back helps those above it. */
  #next(): [LimitScope, Breach] | undefined {
    const order = ['worker', 'group', 'pool'];
    return [...this.#waiting].sort(([a], [b]) => order.indexOf(a.level) - order.indexOf(b.level))[0];
  }

  async #relieve(scope: LimitScope, breach: Breach): Promise<void> {
    const round = new ReliefRound(breach, {
      level: scope.level,
      ...(scope.id !== undefined && { id: scope.id }),
      gauge: scope.gauge,
      policy: scope.level === 'worker' ? ownMark : this.context.policy,
      victimTimeoutMs: this.context.victimTimeoutMs,
      workers: () => this.context.workers().filter((worker) => isWithin(scope, worker)),
      closing: () => this.#stopped,
      // It was its only victim: there is nothing left to measure.
      gone: () => scope.level === 'worker' && !this.#scopes.has(scope),
      onVictim: (victim) => {
        this.context.emit('victim', victim);
      },
    });
    this.counts.reliefRounds++;
    const report = await round.run();
    // While nothing can be done each safety read asks again, and one report says it all.
    const helpless = (report.outcome === 'no-candidate' || report.outcome === 'unreadable') && report.victims.length === 0;
    // A breach that was heard while the last round ended: the shortage was over by then.
    const needless = report.outcome === 'relieved' && report.victims.length === 0;
    if (!needless && !(helpless && this.#helpless.has(scope))) this.context.emit('relief', report);
    if (helpless) this.#helpless.add(scope);
    else this.#helpless.delete(scope);
  }
}

function isWithin({ level, id }: LimitScope, { facts }: WorkerProcess): boolean {
  if (level === 'pool') return true;
  return level === 'group' ? facts.group === id : facts.id === id;
}

function removedBySomebody({ level, id }: LimitScope, state: string): SpillwayError {
  const which = level === 'pool' ? 'the pool' : `the ${level} ${id ?? ''}`;
  return new SpillwayError('ERR_SPILLWAY_CGROUP_NOT_FOUND', `Somebody has removed the cgroup of ${which}; its limit is not watched any more (${state})`);
}
