import type { Cgroup } from '../../cgroup/cgroup';
import { setBytesInBackground } from '../../cgroup/limit-files';
import { defaultHighBytes, totalBytesOf } from '../../cgroup/limits';
import { SpillwayError } from '../../errors';
import type { SupervisorSettings } from '../supervisor-options';
import type { OnDegraded } from './types';

/**
 * Keeps the default mark of a pool in step with the limits above it, which others may change while it
 * runs (a container that is resized in place).
 */
export class FollowedMark {
  readonly #timer: NodeJS.Timeout;
  #totalBytes: number;
  #writing = false;
  #failed = false;

  constructor(
    private readonly base: Cgroup,
    private readonly pool: Cgroup,
    private readonly settings: Pick<SupervisorSettings, 'maxBytes' | 'safetyReadMs'>,
    private readonly onDegraded: OnDegraded,
  ) {
    this.#totalBytes = this.#total();
    this.#timer = setInterval(() => void this.#follow(), settings.safetyReadMs).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  async #follow(): Promise<void> {
    if (this.#writing) return;
    this.#writing = true;
    try {
      // Where nothing can be read (no descriptor is left) a limit would look like none.
      this.base.read('cgroup.controllers');
      const totalBytes = this.#total();
      if (totalBytes !== this.#totalBytes) await setBytesInBackground(this.pool, 'memory.high', defaultHighBytes(totalBytes));
      this.#totalBytes = totalBytes;
      this.#failed = false;
    } catch (cause) {
      if (!this.#failed) this.onDegraded(new SpillwayError('ERR_SPILLWAY_SYSTEM', `The mark cannot follow the limits above the pool: ${String(cause)}; it is tried again`, { cause }));
      this.#failed = true;
    } finally {
      this.#writing = false;
    }
  }

  #total(): number {
    return Math.min(totalBytesOf(this.base.directory), this.settings.maxBytes);
  }
}
