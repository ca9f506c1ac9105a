import type { MonitorDecision } from './create-monitors';
import type { MemoryMonitor, MonitorState } from './types';

/** How one monitor of a limit does. */
export interface WatchHealth {
  /** Whose limit it is: the cgroup's directory; where processes are measured instead, a name for all of them. */
  cgroup: string;
  source: MonitorDecision['name'];
  /** `'stopped'`: it could not be started. */
  state: MonitorState;
  /** Since when, as far as it was looked at: the time of day (ISO 8601). */
  since: string;
  /** What is amiss. Absent when all is well. */
  error?: string;
}

/** The place of one monitor in a set: the monitor while it runs, and what is known of its health. */
export class Ear {
  monitor: MemoryMonitor | undefined;
  /** What was amiss last. */
  failure: Error | undefined;
  #state: MonitorState = 'stopped';
  #since = new Date();

  constructor(
    readonly source: MonitorDecision['name'],
    private readonly cgroup: string,
  ) {}

  get state(): MonitorState {
    return this.monitor?.state ?? 'stopped';
  }

  /** Whether it cannot be counted on now. */
  get isDeaf(): boolean {
    return this.state === 'stopped' || this.state === 'degraded';
  }

  close(): void {
    this.monitor?.stop();
    this.monitor = undefined;
    this.failure = undefined;
  }

  /** To be asked when something may have changed: that it works again no monitor tells. */
  health(): WatchHealth {
    const { state } = this;
    if (state !== this.#state) this.#since = new Date();
    this.#state = state;
    return {
      cgroup: this.cgroup, source: this.source, state, since: this.#since.toISOString(),
      ...(this.isDeaf && this.failure !== undefined && { error: this.failure.message }),
    };
  }
}
