import { closeSync } from 'node:fs';
import { SpillwayError } from '../errors';
import { Cgroup } from './cgroup';
import { enableController, type Controller } from './controllers';
import { seeToLeftovers, type Leftovers } from './leftovers';
import { readLimit, setBytes, setBytesInBackground } from './limit-files';
import { makeBase, type BaseOptions } from './make-base';
import { lockPool } from './pool-lock';

export interface PoolLimits {
  /** `memory.high`: the mark. */
  highBytes: number;
  /** `memory.max`: where the kernel's OOM killer comes in. */
  maxBytes: number;
  /** `memory.swap.max`. */
  swapMaxBytes: number;
}

export interface PoolTreeOptions extends BaseOptions {
  name: string;
  limits: PoolLimits;
  leftovers: Leftovers;
  /** Names this run of the supervisor, in the names of the leaves that it makes. */
  runId: string;
}

/** A supervisor's part of the cgroup tree: BASE/NAME (the pool, locked), BASE/NAME/GROUP, BASE/NAME/GROUP/LEAF. */
export class PoolTree {
  #leaves = 0;
  #lock: number | undefined;

  private constructor(
    readonly base: Cgroup,
    readonly pool: Cgroup,
    lock: number,
    private readonly runId: string,
    /** Leaves in which processes of a dead owner live on. */
    readonly adopted: readonly Cgroup[],
  ) {
    this.#lock = lock;
  }

  /** Makes the tree, after seeing to whatever a dead owner of the same name has left. Undoes it all on failure. */
  static async create(base: Cgroup, options: PoolTreeOptions): Promise<PoolTree> {
    const pool = base.child(options.name);
    makeBase(base, pool, options);
    const lock = lockPool(pool, options);
    const tree = await PoolTree.#furnish(base, pool, lock, options).catch((error: unknown) => {
      try {
        pool.remove();
      } catch {
        // What failed first is what is told; and the kernel removes nothing in which processes live on.
      }
      closeSync(lock);
      throw error;
    });
    return tree;
  }

  static async #furnish(base: Cgroup, pool: Cgroup, lock: number, { limits, leftovers, runId }: PoolTreeOptions): Promise<PoolTree> {
    checkKernel(pool);
    const adopted = await seeToLeftovers(pool, leftovers);
    // What the dead owner's workers were spared; that of adopted ones is added up again.
    for (const file of ['memory.low', 'memory.min'] as const) if (readLimit(pool, file)) setBytes(pool, file, 0);
    // Lowered while adopted workers use more, these take their time.
    await setBytesInBackground(pool, 'memory.high', limits.highBytes);
    await setBytesInBackground(pool, 'memory.max', limits.maxBytes);
    // Kernels without swap accounting have no such file, and then nothing to limit.
    if (pool.has('memory.swap.max')) await setBytesInBackground(pool, 'memory.swap.max', limits.swapMaxBytes);
    enableController(pool, 'memory');
    return new PoolTree(base, pool, lock, runId, adopted);
  }

  /** A tenant's cgroup; made if need be. */
  group(id: string): Cgroup {
    const group = this.pool.child(id);
    group.create();
    enableController(group, 'memory');
    return group;
  }

  /** A name that no leaf of this run or another has. */
  newLeaf(group: string): Cgroup {
    return this.group(group).child(`${this.runId}-${++this.#leaves}`);
  }

  /** Lets the leaves of a group have limits of this controller. */
  enable(controller: Controller, group: string): void {
    for (const cgroup of [this.base, this.pool, this.group(group)]) enableController(cgroup, controller);
  }

  /** Sets what reclaim spares of a group, and of the pool: the sums of what it spares of their workers. */
  protect(file: 'memory.low' | 'memory.min', group: string, groupBytes: number, poolBytes: number): void {
    setBytes(this.pool, file, poolBytes);
    setBytes(this.group(group), file, groupBytes);
  }

  /** Removes the tree and gives up the lock. No process may be left in it. May be called twice. */
  remove(): void {
    if (this.#lock === undefined) return;
    try {
      this.pool.remove();
    } finally {
      closeSync(this.#lock);
      this.#lock = undefined;
    }
  }
}

/** @throws ERR_SPILLWAY_KERNEL_TOO_OLD */
function checkKernel(pool: Cgroup): void {
  if (pool.has('cgroup.kill')) return;
  throw new SpillwayError('ERR_SPILLWAY_KERNEL_TOO_OLD', 'This kernel has no cgroup.kill, which came with Linux 5.14: use a newer kernel');
}
