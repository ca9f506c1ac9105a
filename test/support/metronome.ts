import { EventMemoryMonitor } from '../../lib/monitor/event-memory-monitor';
import { FixtureCgroup, MiB } from './fixture-cgroup';
import { Ear } from './heard';

/** Equal to that of the monitors under test: equal intervals are read in one batch. */
export const tickMs = 10;

/**
 * A monitor of a cgroup that is always short, and so tells of every safety read. Proves without a
 * clock that the safety reads of other monitors came, and said nothing.
 */
export class Metronome {
  readonly #cgroup = new FixtureCgroup().high(100 * MiB).max('max').usage({ current: 200 * MiB });
  readonly #monitor = new EventMemoryMonitor({ cgroup: this.#cgroup.directory, safetyReadMs: tickMs });
  readonly #ear = new Ear(this.#monitor);

  constructor() {
    this.#monitor.start();
  }

  /** Whole rounds of safety reads that begin after the call; what they found is told when it resolves. */
  async rounds(count: number): Promise<void> {
    // The one that is under way does not count, nor does one that was merged into it.
    await this.#ear.breach(this.#ear.breaches.length + count + 2);
  }

  stop(): void {
    this.#monitor.stop();
    this.#cgroup.remove();
  }
}
