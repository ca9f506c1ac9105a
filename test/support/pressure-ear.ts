import { EventEmitter, once } from 'node:events';
import type { SpillwayError } from '../../lib/errors';
import type { PressureMemoryMonitor } from '../../lib/monitor/pressure-memory-monitor';
import type { MonitorEvents, PressureBreach, PressureRemoval } from '../../lib/monitor/types';

/** Only ends a test that would hang; no test's result depends on it. */
const hangsAfterMs = 60_000;

/** Writes down all that a pressure monitor tells, in order, and lets a test wait for it. */
export class PressureEar {
  readonly events: (keyof MonitorEvents)[] = [];
  readonly breaches: PressureBreach[] = [];
  readonly errors: SpillwayError[] = [];
  readonly removals: PressureRemoval[] = [];
  readonly #told = new EventEmitter();

  constructor(monitor: PressureMemoryMonitor) {
    monitor.on('breach', (breach) => { this.#note('breach', () => this.breaches.push(breach)); });
    monitor.on('clear', () => { this.#note('clear'); });
    monitor.on('degraded', (error) => { this.#note('degraded', () => this.errors.push(error)); });
    monitor.on('removed', (removal) => { this.#note('removed', () => this.removals.push(removal)); });
  }

  #note(event: keyof MonitorEvents, keep?: () => void): void {
    keep?.();
    this.events.push(event);
    this.#told.emit('told');
  }

  /** The breach of this number, counted from 1. */
  async breach(count: number): Promise<PressureBreach> {
    await this.#until(`breach ${count}`, () => this.breaches.length >= count);
    const breach = this.breaches[count - 1];
    if (breach === undefined) throw new Error('unreachable');
    return breach;
  }

  async event(name: keyof MonitorEvents): Promise<void> {
    await this.#until(`'${name}'`, () => this.events.includes(name));
  }

  async #until(what: string, fulfilled: () => boolean): Promise<void> {
    const signal = AbortSignal.timeout(hangsAfterMs);
    while (!fulfilled()) {
      await once(this.#told, 'told', { signal }).catch((cause: unknown) => {
        throw new Error(`waited in vain for ${what}; heard: ${this.events.join(', ') || 'nothing'}`, { cause });
      });
    }
  }
}
