import { setTimeout as delay } from 'node:timers/promises';
import { SpillwayError } from '../../errors';
import type { MemoryUsage } from '../../monitor/types';
import { readProcessCpu } from '../../process/process-cpu';
import { readProcess, type ProcessEntry } from '../../process/process-entry';
import { setOomScoreAdj } from '../../process/set-oom-score-adj';
import { ProcessTree } from '../../process/process-tree';
import { signalProcess } from '../../process/signal-process';
import { formatMarker, markerName, type WorkerMarker } from '../../process/worker-marker';
import { MainProcess } from '../main-process';
import { plainLaunch } from '../plain-launch';
import type { WorkerCpu } from '../types';
import type { WorkerFacts } from '../worker-options';
import type { KernelKillCounter } from './kernel-kill-counter';
import { findMarked } from './marked-processes';
import { memoryOf, type ProcessPool } from './process-pool';
import type { Enclosure, LastFigures, OnDegraded, Program } from './types';

/** How often to look whether processes that were killed are gone, and after what time it is told that they are not; milliseconds. */
const lookMs = 20;
const stuckAfterMs = 10_000;
/** Where no descriptor is left to look with: how often to look again, and how many times. */
const retryMs = 1000;
const retries = 30;
/** Processes that fork faster than they are found could go on for ever. */
const passes = 20;

/** A worker without a cgroup: its main process and the descendants that looks at /proc have found. */
export class ProcessEnclosure implements Enclosure {
  #main: MainProcess | undefined;
  #tree: ProcessTree | undefined;
  #peakBytes = 0;

  constructor(
    readonly facts: WorkerFacts,
    /** What its environment is marked with; one that was attached has no mark. */
    private readonly marker: WorkerMarker,
    private readonly pool: ProcessPool,
    private readonly kernelKills: KernelKillCounter,
    private readonly onDegraded: OnDegraded,
    private readonly onRemoved: () => void,
  ) {}

  async launch({ file, args, options }: Program): Promise<MainProcess> {
    const env = { ...(options.env ?? process.env), [markerName]: formatMarker(this.marker) };
    const main = await plainLaunch({ file, args, options: { ...options, env } });
    try {
      this.take(main);
      return main;
    } catch (error) {
      main.signal('SIGKILL');
      await main.ended;
      main.release();
      throw error;
    }
  }

  wrap(file: string, args: readonly string[]): { file: string; args: string[] } {
    return { file, args: [...args] };
  }

  take(main: MainProcess): number[] {
    const entry = readProcess(main.pid);
    if (entry !== undefined) {
      const tree = new ProcessTree(entry);
      this.pool.add(tree);
      this.#tree = tree;
    }
    this.#main = main;
    for (const { pid } of this.members) setOomScoreAdj(pid, this.facts.oomScoreAdj);
    return [];
  }

  /** As of the last look. */
  get members(): readonly ProcessEntry[] {
    return this.#tree?.members ?? [];
  }

  sample(): { usage: MemoryUsage } | undefined {
    try {
      this.pool.look();
      if (this.members.length === 0) return undefined;
      const memory = memoryOf(this.members);
      const currentBytes = memory.anonBytes + memory.shmemBytes;
      this.#peakBytes = Math.max(this.#peakBytes, currentBytes);
      return { usage: { currentBytes, ...memory } };
    } catch {
      return undefined; // no descriptor is left to look with
    }
  }

  /** Of those that are there: what has ended in between took its own with it. */
  cpu(): WorkerCpu | undefined {
    try {
      this.pool.look();
      const seconds = this.members.flatMap(({ pid }) => readProcessCpu(pid) ?? []);
      return seconds.length === 0 ? undefined : { seconds: seconds.reduce((sum, each) => sum + each, 0), source: 'processes' };
    } catch {
      return undefined; // no descriptor is left to look with
    }
  }

  beforeAsking(): void {
    try {
      this.pool.look(true);
    } catch {
      // No descriptor is left to look with. The main process can be asked all the same.
    }
  }

  kill(): void {
    try {
      // What stands still neither forks nor leaves children to others until all are found.
      this.#signalAll('SIGSTOP');
    } catch {
      // As above.
    }
    this.#main?.signal('SIGKILL');
    try {
      const refused = this.#signalAll('SIGKILL').map(({ pid }) => pid);
      if (refused.length > 0) this.#degraded('ERR_SPILLWAY_STUCK', `was to be killed, but these of its processes may not be killed by this user: ${refused.slice(0, 8).join(', ')}`);
    } catch {
      // As above. What is left is ended when the main process has ended.
    }
  }

  record(): void {
    // There is nothing that would outlive the supervisor to keep it with.
  }

  async settle(unexplained: boolean): Promise<LastFigures> {
    let leftovers: number | undefined;
    for (let tries = 1; ; tries++) {
      try {
        leftovers = await this.#end();
        break;
      } catch (error) {
        if (tries === 1) this.#degraded('ERR_SPILLWAY_SYSTEM', `has ended, but what is left of its processes cannot be seen: ${String(error)}; it is tried again`, error);
        if (tries === retries) break;
        await delay(retryMs);
      }
    }
    this.remove();
    return {
      leftovers,
      kernelKilledFor: unexplained && this.kernelKills.take() ? 'host' : undefined,
      ...(this.#peakBytes > 0 && { peakBytes: this.#peakBytes }),
    };
  }

  remove(): void {
    if (this.#tree !== undefined) this.pool.delete(this.#tree);
    this.onRemoved();
  }

  async #end(): Promise<number> {
    let left = this.#left();
    const leftovers = left.length;
    const beganAtMs = performance.now();
    for (; left.length > 0; left = this.#left()) {
      const refused = left.filter((each) => !signalProcess(each, 'SIGKILL'));
      if (refused.length > 0 || performance.now() - beganAtMs > stuckAfterMs) {
        const pids = left.map(({ pid }) => pid).slice(0, 8);
        this.#degraded('ERR_SPILLWAY_STUCK', `has ended, but these of its processes ${refused.length > 0 ? 'may not be killed by this user' : 'do not die'}: ${pids.join(', ')}`);
        break;
      }
      await delay(lookMs);
    }
    return leftovers;
  }

  /** What the looks have found of it, and what carries its mark: children of processes that were gone before any look. */
  #left(): ProcessEntry[] {
    this.pool.look(true);
    const { pool, runId, id } = this.marker;
    const marked = findMarked(pool).filter(({ marker }) => marker.runId === runId && marker.id === id);
    const left = [...this.members, ...marked.flatMap(({ processes }) => processes)];
    return [...new Map(left.map((each) => [each.pid, each])).values()];
  }

  /** Signals all, and those that are found then, until there are no more. Returns those that this user may not signal. */
  #signalAll(signal: 'SIGKILL' | 'SIGSTOP'): ProcessEntry[] {
    const signalled = new Set<number>();
    const refused: ProcessEntry[] = [];
    for (let pass = 0; pass < passes; pass++) {
      this.pool.look(true);
      const found = this.members.filter(({ pid }) => !signalled.has(pid));
      if (found.length === 0) break;
      for (const member of found) {
        signalled.add(member.pid);
        if (!signalProcess(member, signal)) refused.push(member);
      }
    }
    return refused;
  }

  #degraded(code: 'ERR_SPILLWAY_SYSTEM' | 'ERR_SPILLWAY_STUCK', what: string, cause?: unknown): void {
    this.onDegraded(new SpillwayError(code, `Worker ${this.facts.id} ${what}`, { cause }));
  }
}
