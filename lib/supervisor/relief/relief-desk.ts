import { randomUUID } from 'node:crypto';
import { systemClock } from '../../clock';
import { SpillwayError } from '../../errors';
import type { WatchHealth } from '../../monitor/ear';
import type { Breach } from '../../monitor/types';
import type { LimitScope } from '../containment/types';
import type { KillFacts } from '../exit-cause';
import { PlanKeeper } from '../takeover/plan-keeper';
import { untoldBreach } from '../takeover/untold-breach';
import type { Reclaimed, SupervisorEvents } from '../types';
import type { WorkerProcess } from '../worker-process';
import { Helpless } from './helpless';
import { scopeRemoved } from './scope-removed';
import { ownMark } from './own-mark';
import type { ReliefContext } from './relief-context';
import { ReliefRound } from './relief-round';
import { stuckErrors } from './stuck-errors';

export interface ReliefDeskContext extends Pick<ReliefContext, 'pool' | 'policy' | 'victimTimeoutMs' | 'dryRun' | 'warn' | 'clock'> {
  takeoverMs: number;
  takeoverUnderInspector: boolean;
  /** Those that have not ended. */
  workers: () => readonly WorkerProcess[];
  /** Gives memory of the pool back without a kill. Never rejects. */
  reclaim: (bytes: number) => Promise<Reclaimed[]>;
  /** Rounds begin, and are over. */
  onBusy: (busy: boolean) => void;
  /** Tells the supervisor's listeners. Never throws. */
  emit: <Name extends 'breach' | 'victim' | 'relief' | 'degraded'>(name: Name, ...args: SupervisorEvents[Name]) => void;
}

/** A lease is renewed so many times before it would run out, and not more often than this, in milliseconds. */
const renewals = 4;
const shortestRenewalMs = 5;

/** Hears all limits, and sees to it that there is never more than one relief round. */
export class ReliefDesk {
  readonly counts = { shortBreaches: 0, churnBreaches: 0, stallBreaches: 0, reliefRounds: 0 };
  /** What is watched. */
  readonly #scopes = new Set<LimitScope>();
  /** In which report the next kill for a limit will be told; of those that the native thread may relieve also after their end. */
  readonly #reportIds = new Map<LimitScope, string>();
  readonly #plans: PlanKeeper;
  /** Limits that are short and wait for their round, with what was heard last. */
  readonly #waiting = new Map<LimitScope, Breach>();
  readonly #helpless: Helpless;
  #current: { scope: LimitScope; round: ReliefRound } | undefined;
  #rounds: Promise<void> | undefined;
  #stopped = false;

  constructor(private readonly context: ReliefDeskContext) {
    this.#helpless = new Helpless(context.clock ?? systemClock, (scope, breach) => {
      this.#relieveSoon(scope, breach);
    });
    this.#plans = new PlanKeeper({
      policy: context.policy,
      // Here, for the plans are also made anew when nobody asks for it.
      scopes: () => (this.#isArmed ? this.#scopes : []),
      workersOf: (scope) => this.#workersOf(scope),
      underInspector: context.takeoverUnderInspector,
    });
  }

  /** Settles when no round is under way; `undefined` when none is. */
  get rounds(): Promise<void> | undefined {
    return this.#rounds;
  }

  /** How the monitors of all limits do. */
  get watches(): WatchHealth[] {
    return [...this.#scopes].flatMap(({ monitor }) => monitor.health);
  }

  /** @throws what the monitor's `start()` throws */
  watch(scope: LimitScope): void {
    if (this.#stopped || this.#scopes.has(scope)) return;
    const { monitor } = scope;
    // First: it may throw and be tried again. What it finds it tells in a later turn of the event loop.
    monitor.start();
    monitor.on('breach', (breach) => {
      this.#onBreach(scope, breach);
    });
    monitor.on('clear', () => {
      this.#helpless.delete(scope);
    });
    monitor.on('degraded', (error) => {
      this.context.emit('degraded', error);
    });
    monitor.on('removed', () => {
      if (scope.takeover !== undefined) this.#reportIdOf(scope);
      this.#helpless.delete(scope);
      if (this.#scopes.delete(scope)) this.context.emit('degraded', scopeRemoved(scope));
    });
    this.#scopes.add(scope);
    this.workersChanged();
  }

  /** Its limit is about to go, on purpose. */
  unwatch(scope: LimitScope): void {
    // Who was killed for it may end later, and its exit names the report.
    if (scope.takeover !== undefined) this.#reportIdOf(scope);
    this.#scopes.delete(scope);
    this.#waiting.delete(scope);
    this.#helpless.delete(scope);
    scope.monitor.stop();
  }

  /** A worker has come, gone, or changed what a policy may ask for. */
  workersChanged(): void {
    this.#plans.touch();
    this.#helpless.changed();
  }

  /** What the native thread has killed a worker for, when it was by this watch. */
  killedBy(watch: number | undefined): KillFacts | undefined {
    if (watch === undefined) return undefined;
    for (const scope of [...this.#scopes, ...this.#reportIds.keys()]) {
      if (scope.takeover?.owns(watch) === true) return { for: 'relief', level: scope.level, reportId: this.#reportIdOf(scope) };
    }
    return undefined;
  }

  /** No event starts a round now; the one under way ends before its next victim. */
  stop(): void {
    this.#stopped = true;
    this.#plans.stop();
    for (const scope of [...this.#scopes]) {
      // What the native thread has done while JavaScript could not hear of it is told all the same.
      const breach = untoldBreach(scope);
      this.unwatch(scope);
      if (breach !== undefined) this.#relieveSoon(scope, breach);
    }
  }

  get #isArmed(): boolean {
    return !this.context.dryRun && this.context.takeoverMs < Infinity;
  }

  #onBreach(scope: LimitScope, breach: Breach): void {
    if (breach.short) this.counts.shortBreaches++;
    else if (breach.source === 'pressure') this.counts.stallBreaches++;
    else this.counts.churnBreaches++;
    const rests = breach.short && !this.#stopped && scope !== this.#current?.scope && this.#helpless.holds(scope, breach);
    // JavaScript is awake, and has decided.
    if (rests) scope.takeover?.lease();
    const calls = breach.short && !rests;
    // The native thread acts on a shortage only. It may be over by now.
    const untold = calls ? undefined : untoldBreach(scope);
    // First of all, and a microtask later: the listeners of the first victim must find a round that is under way.
    if ((calls || untold !== undefined) && !this.#stopped) this.#relieveSoon(scope, untold ?? breach);
    this.context.emit('breach', breach);
  }

  #relieveSoon(scope: LimitScope, breach: Breach): void {
    scope.takeover?.lease();
    // At once: with the watch, that may be gone in a moment, what the native thread has done would be forgotten.
    scope.takeover?.untold();
    if (scope === this.#current?.scope) {
      this.#current.round.extend();
      return;
    }
    this.#waiting.set(scope, breach);
    this.#rounds ??= Promise.resolve().then(() => this.#relieveAll());
  }

  async #relieveAll(): Promise<void> {
    this.context.onBusy(true);
    const renewal = setInterval(() => {
      this.#renewLeases();
    }, Math.min(Math.max(this.context.takeoverMs / renewals, shortestRenewalMs), 1000));
    try {
      for (let next = this.#next(); next !== undefined; next = this.#next()) {
        const [scope, breach] = next;
        this.#waiting.delete(scope);
        await this.#relieve(scope, breach);
      }
    } finally {
      clearInterval(renewal);
      // In one go with the last look at who waits: who comes after it begins anew.
      this.#rounds = undefined;
      this.context.onBusy(false);
    }
  }

  /** Also of those that wait: JavaScript is at work, so the native thread need not be. */
  #renewLeases(): void {
    for (const scope of this.#waiting.keys()) scope.takeover?.lease();
    this.#current?.scope.takeover?.lease();
  }

  /** The narrowest limit first: what it gives back helps those above it. */
  #next(): [LimitScope, Breach] | undefined {
    const order = ['worker', 'group', 'pool'];
    return [...this.#waiting].sort(([a], [b]) => order.indexOf(a.level) - order.indexOf(b.level))[0];
  }

  async #relieve(scope: LimitScope, breach: Breach): Promise<void> {
    const round = new ReliefRound(breach, this.#roundContext(scope));
    this.#current = { scope, round };
    this.counts.reliefRounds++;
    const { changes } = this.#helpless;
    try {
      const report = await round.run();
      if (report.outcome === 'relieved') scope.takeover?.seeEnd();
      // What the native thread kills from here on, while a listener takes its time, is the matter of the next one.
      this.#reportIds.delete(scope);
      if (!report.dryRun) for (const error of stuckErrors(report)) this.context.emit('degraded', error);
      // While nothing can be done each safety read asks again, and one report says it all.
      const helpless = report.victims.length === 0 ? ['no-candidate', 'unreadable'].includes(report.outcome) : report.dryRun;
      // A breach that was heard while the last round ended: the shortage was over by then.
      const needless = report.outcome === 'relieved' && report.victims.length === 0 && report.reclaimed.length === 0 && report.warned.length === 0;
      const isKnown = helpless && this.#helpless.has(scope);
      // Before the listeners, who may see to it that there is somebody.
      if (helpless) this.#helpless.add(scope, changes, report.outcome !== 'unreadable');
      else this.#helpless.delete(scope);
      if (!needless && !isKnown) this.context.emit('relief', report);
    } catch (cause) {
      this.context.emit('degraded', new SpillwayError('ERR_SPILLWAY_SYSTEM', 'A relief round failed; the next safety read starts another', { cause }));
    } finally {
      this.#current = undefined;
      scope.takeover?.release();
    }
  }

  #roundContext(scope: LimitScope): ReliefContext {
    const { level, id, gauge, takeover } = scope;
    const { policy, reclaim } = this.context;
    return {
      ...this.context,
      reportId: this.#reportIdOf(scope),
      level,
      ...(id !== undefined && { id }),
      gauge,
      policy: level === 'worker' ? ownMark : policy,
      workers: () => this.#workersOf(scope),
      // What they give back is the pool's, and need not be of this group or worker.
      reclaim: level === 'pool' ? reclaim : () => Promise.resolve([]),
      closing: () => this.#stopped,
      // With the worker whose limit it is, the limit goes, and the shortage.
      gone: () => level === 'worker' && (!this.#scopes.has(scope) || this.#workersOf(scope).length === 0),
      // Over its own mark a worker holds up nobody but itself.
      pressing: () => [...this.#waiting.keys()].some((other) => other.level !== 'worker'),
      takeover: this.#isArmed ? takeover : undefined,
      planFor: (victim) => this.#plans.planFor(scope, victim),
      onVictim: (victim) => {
        // The next rounds of a dry run find what the first one told, for as long as the shortage lasts.
        if (!this.context.dryRun || !this.#helpless.has(scope)) this.context.emit('victim', victim);
      },
    };
  }

  #reportIdOf(scope: LimitScope): string {
    const reportId = this.#reportIds.get(scope) ?? randomUUID();
    this.#reportIds.set(scope, reportId);
    return reportId;
  }

  #workersOf({ level, id }: LimitScope): WorkerProcess[] {
    return this.context.workers().filter(({ facts }) => {
      if (level === 'pool') return true;
      return level === 'group' ? facts.group === id : facts.id === id;
    });
  }
}
