import type { PoolTree } from '../../cgroup/pool-tree';
import type { MemoryCounters } from '../../monitor/types';
import { OomLedger } from './oom-ledger';
import type { LastFigures } from './types';
import type { WorkerLeaf } from './worker-leaf';

/** Says on whose account the kernel's OOM killer came: the worker's own limit, its group's, the pool's, or one above. */
export class OomBlame {
  readonly #pool: OomLedger;
  readonly #groups = new Map<string, OomLedger>();

  constructor(
    private readonly tree: PoolTree,
    /** All leaves that are there. */
    private readonly leaves: ReadonlySet<WorkerLeaf>,
  ) {
    this.#pool = new OomLedger(tree.pool);
  }

  /** To be called before a group's first worker: what it counts from is what no worker died for. */
  addGroup(id: string): OomLedger {
    const ledger = this.#groups.get(id) ?? new OomLedger(this.tree.group(id));
    this.#groups.set(id, ledger);
    return ledger;
  }

  /** From a leaf's last counters. */
  kernelKilledFor(leaf: WorkerLeaf, counters: MemoryCounters): LastFigures['kernelKilledFor'] {
    const { group } = leaf.facts;
    const othersWait = (among: (other: WorkerLeaf) => boolean) => () => [...this.leaves].some((other) => other !== leaf && among(other) && isKilledFromAbove(other));
    const inGroup = othersWait(({ facts }) => facts.group === group);
    const inPool = othersWait(() => true);
    if (counters.oom_kill === 0) {
      if (!leaf.wasKilled) return undefined;
      this.addGroup(group).forget(inGroup);
      this.#pool.forget(inPool);
      return undefined;
    }
    if (counters.oom > 0) return 'worker';
    if (this.addGroup(group).take(inGroup)) return 'group';
    return this.#pool.take(inPool) ? 'pool' : 'host';
  }
}

/** Whether the kernel has killed in it on account of a limit that is not its own. */
function isKilledFromAbove(leaf: WorkerLeaf): boolean {
  const counters = leaf.counters();
  return counters !== undefined && counters.oom_kill > 0 && counters.oom === 0;
}
