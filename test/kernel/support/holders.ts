import { join } from 'node:path';
import type { ReliefReport } from '../../../lib/supervisor/types';
import type { WorkerOptions } from '../../../lib/supervisor/worker-options';
import { MiB } from './program';
import { useSupervisors, type Options, type Started, type Supervised } from './supervisors';
import type { TestCgroup } from './test-cgroup';

/** Small, so that "just enough" is seen. The default is a share of the mark, which these tests move about. */
const killBufferBytes = 2 * MiB;

export interface HolderOptions extends WorkerOptions {
  mib?: number;
  idle?: boolean;
  /** Does not end at SIGTERM. */
  stays?: boolean;
}

/** A pool whose workers hold memory and do nothing: nobody dies before the test makes it short. */
export class Holders {
  readonly workers = new Map<string, Started>();

  constructor(readonly pool: Supervised) {}

  /** Starts them one after the other, and waits until each holds its memory: 12 MiB if nothing is said. */
  async start(all: Record<string, HolderOptions>): Promise<void> {
    const started: [Started, boolean][] = [];
    for (const [id, { mib = 12, idle = false, stays = false, ...options }] of Object.entries(all)) {
      const program = join(__dirname, '../programs/holder.pl');
      const one = await this.pool.run('perl', [program, String(mib), ...(stays ? ['stays'] : [])], { id, ...options });
      this.workers.set(id, one);
      started.push([one, idle]);
    }
    for (const [{ lines, worker }, idle] of started) {
      await lines.line('held');
      if (idle) worker.update({ idle });
    }
  }

  get(id: string): Started {
    const started = this.workers.get(id);
    if (started === undefined) throw new Error(`there is no worker ${id}`);
    return started;
  }

  /**
   * Makes the pool short of as much as these hold, less half of the last one, and waits for the report:
   * their death, and nobody else's, is just enough. Lowering the mark raises no event: Spillway finds it
   * by its safety read.
   */
  async squeeze(...ids: string[]): Promise<ReliefReport> {
    const next = this.pool.reliefs.length + 1;
    const sizes = ids.map((id) => this.#sizeOf(id));
    const missing = sizes.reduce((sum, size) => sum + size, 0) - (sizes.at(-1) ?? 0) / 2;
    this.pool.pool.write('memory.high', Math.floor(pinnedIn(this.pool.pool) - missing + killBufferBytes));
    return this.pool.relief(next);
  }

  #sizeOf(id: string): number {
    const { anonBytes = NaN, kernelBytes = NaN } = this.get(id).worker.usage() ?? {};
    return anonBytes + kernelBytes;
  }

  /** Of a report: that these died in this order and were just enough, and that all others live. */
  expectDeaths(report: ReliefReport, ids: readonly string[]): void {
    const { pool } = this;
    expect(report.victims.map(({ id, died }) => [id, died])).toEqual(ids.map((id) => [id, true]));
    expect(report).toMatchObject({ outcome: 'relieved', before: { short: true }, after: { short: false } });
    expect(report.decisions.map(({ victim }) => victim)).toEqual(ids);
    // Each of them was needed.
    for (const { bytesToFree, dyingBytes } of report.decisions) expect(bytesToFree).toBeGreaterThan(dyingBytes);
    const exits = pool.exits.filter(({ reportId }) => reportId === report.reportId);
    expect(exits.map(({ id, cause, retryHint }) => [id, cause, retryHint])).toEqual(ids.map((id) => [id, 'spillway', 'elsewhere']));
    const living = [...this.workers].filter(([, { worker }]) => worker.process.exitCode === null && worker.process.signalCode === null).map(([id]) => id);
    const dead = pool.exits.map(({ id }) => id);
    expect(living).toEqual([...this.workers.keys()].filter((id) => !dead.includes(id)));
    expect(dead).toEqual(pool.reliefs.flatMap(({ victims }) => victims).map(({ id }) => id));
    expect(pool.supervisor.status().counts.kernelOomKills).toBe(0);
  }
}

/** Call it at the top of a file instead of `useSupervisors()`. */
export function useHolders(): { hold: (all: Record<string, HolderOptions>, options?: Options) => Promise<Holders> } {
  const { create } = useSupervisors();
  return {
    async hold(all, options = {}) {
      const holders = new Holders(await create({ limits: { highBytes: 512 * MiB }, killBufferBytes, ...options }));
      await holders.start(all);
      return holders;
    },
  };
}

/** What reclaim cannot give back, read by hand. */
export function pinnedIn(cgroup: TestCgroup): number {
  const reclaimable = ['active_file', 'inactive_file', 'slab_reclaimable'].map((key) => cgroup.number('memory.stat', key));
  return reclaimable.reduce((left, bytes) => left - bytes, cgroup.number('memory.current'));
}

/** What Ray's retry flag says, Spillway says in the reason: it starts nothing again by itself. */
export function retryFlags({ victims }: ReliefReport): [id: string, retry: boolean][] {
  return victims.map(({ id, reason }) => [id, reason.includes('can be retried')]);
}
