import { EventEmitter } from 'node:events';
import { systemClock, type Clock } from '../../clock';
import { emitSafely } from '../../emit-safely';
import type { SpillwayError } from '../../errors';
import type { Breach } from '../../monitor/types';
import { checkKeys, invalidOption, parseNumber } from '../../options';
import type { Reclaimed } from '../types';
import { bytesOver } from './bytes-over';
import { Reclaimers, type Reclaimer } from './reclaimers';

/** What is needed of a `MemoryMonitor`. */
export interface BreachSource {
  on(event: 'breach', listener: (breach: Breach) => void): unknown;
  off(event: 'breach', listener: (breach: Breach) => void): unknown;
}

export interface ReclaimOnBreachOptions {
  /** Any of the monitors. It is neither started nor stopped. */
  monitor: BreachSource;
  /** How long all reclaimers together have for one breach, in milliseconds. Default 50. From 0 to 60,000. */
  budgetMs?: number;
  /** The time that it depends on; tests have their own. */
  clock?: Clock;
}

export interface ReclaimOnBreachEvents {
  /** A run is over: what each reclaimer that was asked gave. */
  reclaimed: [results: Reclaimed[], breach: Breach];
  /** A reclaimer failed. Told once, and again only after it has worked in between. */
  degraded: [error: SpillwayError];
}

/**
 * Has idle memory given back when a monitor tells of a shortage, for programs without a supervisor. As in a supervisor's relief
 * round: who has the oldest idle memory is asked first, and each only for what is still missing, within `budgetMs`; where the monitor
 * cannot tell how much that is (a stall), for all that is idle. It kills nobody. One run at a time: a breach that comes meanwhile
 * has one of its own after it.
 */
export class ReclaimOnBreach extends EventEmitter<ReclaimOnBreachEvents> implements Disposable {
  readonly #reclaimers = new Reclaimers((error) => {
    emitSafely<ReclaimOnBreachEvents, 'degraded'>(this, 'degraded', error);
  });
  readonly #monitor: BreachSource;
  readonly #budgetMs: number;
  readonly #clock: Clock;
  readonly #stop = new AbortController();
  readonly #hear = (breach: Breach): void => {
    if (!breach.short) return;
    const isIdle = this.#next === undefined && !this.#isRunning;
    this.#next = breach;
    if (isIdle) void this.#run();
  };
  #next: Breach | undefined;
  #isRunning = false;

  /** @throws {SpillwayError} `ERR_SPILLWAY_INVALID_OPTION` */
  constructor(options: ReclaimOnBreachOptions) {
    super();
    checkKeys('ReclaimOnBreach', options, ['monitor', 'budgetMs', 'clock']);
    const { monitor, budgetMs = 50, clock = systemClock } = options;
    if (typeof (monitor as { on?: unknown } | undefined)?.on !== 'function') throw invalidOption('monitor', monitor, 'a MemoryMonitor');
    this.#budgetMs = parseNumber('budgetMs', budgetMs, { min: 0, max: 60_000, integer: false });
    this.#clock = clock;
    this.#monitor = monitor;
    monitor.on('breach', this.#hear);
  }

  /**
   * Disposing takes it out again.
   *
   * @throws {SpillwayError} `ERR_SPILLWAY_INVALID_OPTION` for what is no reclaimer, or is added already
   */
  add(reclaimer: Reclaimer): Disposable {
    return this.#reclaimers.add(reclaimer);
  }

  /** Hears no more, and ends the run that is under way. Called again, it does nothing. */
  stop(): void {
    this.#monitor.off('breach', this.#hear);
    this.#next = undefined;
    this.#stop.abort();
  }

  [Symbol.dispose](): void {
    this.stop();
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    for (let breach = this.#next; breach !== undefined; breach = this.#next) {
      this.#next = undefined;
      const bytes = bytesOver(breach) ?? Number.MAX_SAFE_INTEGER;
      const results = await this.#reclaimers.run({ bytes, budgetMs: this.#budgetMs, signal: this.#stop.signal, clock: this.#clock });
      if (results.length > 0 && !this.#stop.signal.aborted) emitSafely<ReclaimOnBreachEvents, 'reclaimed'>(this, 'reclaimed', results, breach);
    }
    this.#isRunning = false;
  }
}
