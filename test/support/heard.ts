import { EventEmitter, once } from 'node:events';
import type { EventMemoryMonitor } from '../../lib/monitor/event-memory-monitor';
import type { EventBreach, MonitorEvents, Removal } from '../../lib/monitor/types';
import type { SpillwayError } from '../../lib/errors';

export type Heard =
  | { event: 'breach'; breach: EventBreach }
  | { event: 'clear' }
  | { event: 'degraded'; error: SpillwayError }
  | { event: 'removed'; removal: Removal };

/** Only ends a test that would hang; no test's result depends on it. */
const hangsAfterMs = 30_000;

/** Writes down all that a monitor tells, in order, and lets a test wait for it. */
export class Ear {
  readonly all: Heard[] = [];
  readonly #told = new EventEmitter();

  constructor(monitor: EventMemoryMonitor) {
    const note = (heard: Heard): void => {
      this.all.push(heard);
      this.#told.emit('told');
    };
    monitor.on('breach', (breach) => { note({ event: 'breach', breach }); });
    monitor.on('clear', () => { note({ event: 'clear' }); });
    monitor.on('degraded', (error) => { note({ event: 'degraded', error }); });
    monitor.on('removed', (removal) => { note({ event: 'removed', removal }); });
  }

  get events(): (keyof MonitorEvents)[] {
    return this.all.map(({ event }) => event);
  }

  get breaches(): EventBreach[] {
    return this.all.flatMap((heard) => (heard.event === 'breach' ? [heard.breach] : []));
  }

  get errors(): SpillwayError[] {
    return this.all.flatMap((heard) => (heard.event === 'degraded' ? [heard.error] : []));
  }

  get removals(): Removal[] {
    return this.all.flatMap((heard) => (heard.event === 'removed' ? [heard.removal] : []));
  }

  /** Resolves once what was heard fulfils the condition. */
  async until(what: string, fulfilled: () => boolean): Promise<void> {
    const signal = AbortSignal.timeout(hangsAfterMs);
    while (!fulfilled()) {
      await once(this.#told, 'told', { signal }).catch((cause: unknown) => {
        throw new Error(`waited in vain for ${what}; heard: ${this.events.join(', ') || 'nothing'}`, { cause });
      });
    }
  }

  /** The breach of this number, counted from 1. */
  async breach(count: number): Promise<EventBreach> {
    await this.until(`breach ${count}`, () => this.breaches.length >= count);
    const breach = this.breaches[count - 1];
    if (breach === undefined) throw new Error('unreachable');
    return breach;
  }

  async event(name: keyof MonitorEvents, count = 1): Promise<void> {
    await this.until(`'${name}' ${count}`, () => this.events.filter((event) => event === name).length >= count);
  }
}
