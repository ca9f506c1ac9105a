import { EventEmitter, once } from 'node:events';
import type { SpillwayError } from '../../lib/errors';
import type { ThresholdMemoryMonitor } from '../../lib/monitor/threshold-memory-monitor';
import type { MonitorEvents, ThresholdBreach, ThresholdRemoval } from '../../lib/monitor/types';

/** Only ends a test that would hang; no test's result depends on it. */
const hangsAfterMs = 60_000;

/** Writes down all that a threshold monitor tells, in order, and lets a test wait for it. */
export class ThresholdEar {
  readonly events: (keyof MonitorEvents)[] = [];
  readonly breaches: ThresholdBreach[] = [];
  readonly errors: SpillwayError[] = [];
  readonly removals: ThresholdRemoval[] = [];
  readonly #told = new EventEmitter();

  constructor(monitor: ThresholdMemoryMonitor) {
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
  async breach(count: number): Promise<ThresholdBreach> {
    await this.event('breach', count);
    const breach = this.breaches[count - 1];
    if (breach === undefined) throw new Error('unreachable');
    return breach;
  }

  async event(name: keyof MonitorEvents, count = 1): Promise<void> {
    const signal = AbortSignal.timeout(hangsAfterMs);
    while (this.events.filter((event) => event === name).length < count) {
      await once(this.#told, 'told', { signal }).catch((cause: unknown) => {
        throw new Error(`waited in vain for '${name}' ${count}; heard: ${this.events.join(', ') || 'nothing'}`, { cause });
      });
    }
  }
}
