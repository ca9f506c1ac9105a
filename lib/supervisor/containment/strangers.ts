import { dirname } from 'node:path';
import { Cgroup } from '../../cgroup/cgroup';
import { ownCgroup } from '../../cgroup/own-cgroup';
import { SpillwayError } from '../../errors';
import { descendsFrom } from '../../process/descends-from';
import type { OnDegraded } from './types';

/**
 * Notices processes in the supervisor's own cgroup that are no descendants of it. A worker that may
 * write `cgroup.procs` there (it has the same user) can move its children out of its leaf, and out of
 * the reach of its end. Only where the supervisor has a cgroup of its own, with nobody else in it.
 */
export class Strangers {
  readonly #own: Cgroup | undefined;
  #told = new Set<number>();

  constructor(
    base: Cgroup,
    private readonly onDegraded: OnDegraded,
  ) {
    const own = new Cgroup(ownCgroup());
    const isItsOwn = dirname(own.directory) === base.directory && own.processes().every(isOurs);
    this.#own = isItsOwn ? own : undefined;
  }

  /** To be called when a worker has ended: what it moved here has lost its parent by then. */
  look(workerId: string): void {
    const strangers = this.#own?.processes().filter((pid) => !isOurs(pid)) ?? [];
    const news = strangers.filter((pid) => !this.#told.has(pid));
    this.#told = new Set(strangers);
    if (news.length === 0) return;
    this.onDegraded(
      new SpillwayError(
        'ERR_SPILLWAY_STRAGGLERS',
        `After the end of worker ${workerId} the supervisor's own cgroup holds processes that are no descendants of it (${news.slice(0, 8).join(', ')}): ` +
          'a worker has moved them out of its cgroup, so they were not ended; run workers as another user than the supervisor',
      ),
    );
  }
}

function isOurs(pid: number): boolean {
  return descendsFrom(pid, process.pid);
}
