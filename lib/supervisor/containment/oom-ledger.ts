import type { Cgroup } from '../../cgroup/cgroup';

/**
 * Tells whether the kernel's OOM killer came on account of one cgroup's own limit. The kernel counts
 * `oom` where the limit is, and `oom_kill` where the victim is, and does not say which belong together;
 * so each `oom` here answers for one victim, and what no victim is left for is forgotten.
 */
export class OomLedger {
  #accounted: number;

  constructor(private readonly cgroup: Cgroup) {
    this.#accounted = this.#count();
  }

  /** Whether there is an `oom` that nobody has died for yet. With others waiting the rest is kept for them. */
  take(othersWait: () => boolean): boolean {
    const count = this.#count();
    if (count <= this.#accounted) return false;
    this.#accounted = othersWait() ? this.#accounted + 1 : count;
    return true;
  }

  /** Spillway has killed somebody, which was quicker: what stands here by now needs no victim any more, unless others wait. */
  forget(othersWait: () => boolean): void {
    const count = this.#count();
    if (count > this.#accounted && !othersWait()) this.#accounted = count;
  }

  /** `memory.events.local`: of this limit, not of those below. */
  #count(): number {
    const oom = /^oom (\d+)$/m.exec(this.cgroup.read('memory.events.local'))?.[1];
    return Number(oom ?? 0);
  }
}
