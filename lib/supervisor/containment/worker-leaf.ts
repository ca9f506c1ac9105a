import { once } from 'node:events';
import { closeSync, constants, openSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { Cgroup } from '../../cgroup/cgroup';
import { cgroupError, errnoFailure } from '../../cgroup/cgroup-error';
import { setBytes, setNumber } from '../../cgroup/limit-files';
import { whenEmpty } from '../../cgroup/when-empty';
import { SpillwayError } from '../../errors';
import type { MemoryCounters, MemoryUsage } from '../../monitor/types';
import { isFailure, native, type NativeFailure } from '../../native';
import { launch } from '../launch';
import { MainProcess } from '../main-process';
import type { WorkerCpu } from '../types';
import type { WorkerFacts } from '../worker-options';
import { writeRecord } from './leaf-record';
import { takeProcesses } from './take-processes';
import type { Enclosure, LastFigures, OnDegraded, Program } from './types';

/** What a leaf needs of the tree that it is part of. */
export interface LeafOwner {
  launcher: { fd: number; path: string };
  onDegraded: OnDegraded;
  /** Says on whose account the kernel's OOM killer came, from a leaf's last counters. */
  kernelKilledFor: (leaf: WorkerLeaf, counters: MemoryCounters) => LastFigures['kernelKilledFor'];
  onRemoved: (leaf: WorkerLeaf) => void;
}

/** After this time it is told that processes do not die, in milliseconds. It goes on waiting. */
const stuckAfterMs = 10_000;
/** How often to look where no descriptor is left to watch with, in milliseconds. */
const retryMs = 1000;
/** How often to try to read the last figures. */
const figuresTries = 30;

/**
 * A worker's cgroup. What it takes to kill it is held open by the native core from the start: at the
 * moment of a kill there may be no descriptor and no memory left, or nobody in JavaScript to do it.
 */
export class WorkerLeaf implements Enclosure {
  #victim: number | undefined;
  #wasKilled = false;

  private constructor(
    readonly cgroup: Cgroup,
    readonly facts: Pick<WorkerFacts, 'id' | 'group' | 'memory' | 'oomScoreAdj'>,
    private readonly owner: LeafOwner,
    victim: number,
  ) {
    this.#victim = victim;
  }

  static create(cgroup: Cgroup, facts: WorkerFacts, owner: LeafOwner): WorkerLeaf {
    cgroup.create();
    try {
      setLimits(cgroup, facts);
      return WorkerLeaf.open(cgroup, facts, owner);
    } catch (error) {
      cgroup.remove();
      throw error;
    }
  }

  /** One that is there already. */
  static open(cgroup: Cgroup, facts: WorkerFacts, owner: LeafOwner): WorkerLeaf {
    const victim = native().openVictim(cgroup.directory);
    if (isFailure(victim)) throw cgroupError(cgroup.directory, victim, 'open a file of');
    return new WorkerLeaf(cgroup, facts, owner, victim);
  }

  async launch({ file, args, options }: Program): Promise<MainProcess> {
    // Opened by us, used by the launcher: the kernel asks the opener's credentials.
    const procsFd = openForWriting(this.cgroup, 'cgroup.procs');
    let pidfd: number | NativeFailure | undefined;
    try {
      const child = await launch(file, args, options, {
        procsFd,
        launcherFd: this.owner.launcher.fd,
        oomScoreAdj: this.facts.oomScoreAdj,
        // Now, while the process cannot have been reaped: later its pid may be somebody else's.
        onStart: (pid) => {
          pidfd = native().openPidfd(pid);
        },
      });
      const refused = typeof pidfd === 'number' ? this.#hold(pidfd) : pidfd;
      if (typeof pidfd === 'number' && refused === undefined) return MainProcess.ofChild(child, pidfd);
      child.kill('SIGKILL');
      this.kill();
      await once(child, 'exit');
      throw cgroupError(this.cgroup.directory, refused ?? { errno: -1, syscall: 'pidfd_open', file: '' }, 'hold a process of');
    } catch (error) {
      if (typeof pidfd === 'number') closeSync(pidfd);
      throw error;
    } finally {
      closeSync(procsFd);
    }
  }

  wrap(file: string, args: readonly string[]): { file: string; args: string[] } {
    return { file: this.owner.launcher.path, args: ['--into', this.cgroup.directory, String(this.facts.oomScoreAdj), file, ...args] };
  }

  take(main: MainProcess): number[] {
    this.holdMain(main);
    return takeProcesses(main.pid, this.cgroup, this.facts.oomScoreAdj);
  }

  /** Makes it the process that a kill signals first. @throws ERR_SPILLWAY_SYSTEM_LIMIT when no descriptor is left */
  holdMain({ pidfd }: MainProcess): void {
    const refused = pidfd === undefined ? undefined : this.#hold(pidfd);
    if (refused !== undefined) throw cgroupError(this.cgroup.directory, refused, 'hold a process of');
  }

  get victim(): number | undefined {
    return this.#victim;
  }

  get takenBy(): number | undefined {
    return this.#victim === undefined ? undefined : native().victimState(this.#victim).watch;
  }

  /** Whether Spillway has killed what was in it, or what was left. */
  get wasKilled(): boolean {
    return this.#wasKilled || this.takenBy !== undefined;
  }

  kill(): void {
    if (this.#victim === undefined) return;
    this.#wasKilled = true;
    // Whether it worked shows in `populated`, which is waited for.
    native().killVictim(this.#victim);
  }

  sample(): { usage: MemoryUsage } | undefined {
    const usage = native().readUsage(this.cgroup.directory);
    return isFailure(usage) || usage.currentBytes === undefined ? undefined : { usage };
  }

  /** What the kernel has counted in it. */
  counters(): MemoryCounters | undefined {
    const counters = native().readCounters(this.cgroup.directory);
    return isFailure(counters) ? undefined : counters;
  }

  cpu(): WorkerCpu | undefined {
    try {
      // There whether the controller is on or not: Documentation/admin-guide/cgroup-v2.rst, "cpu.stat".
      const micros = /^usage_usec (\d{1,15})$/m.exec(this.cgroup.read('cpu.stat'))?.[1];
      return micros === undefined ? undefined : { seconds: Number(micros) / 1e6, source: 'cgroup' };
    } catch {
      return undefined; // it is gone, or no descriptor is left to look with
    }
  }

  record(facts: WorkerFacts, pid: number): void {
    writeRecord(this.cgroup, facts, pid);
  }

  async settle(): Promise<LastFigures> {
    const leftovers = await this.#end();
    const figures = await this.#lastFigures();
    try {
      this.remove();
    } catch (error) {
      this.#degraded('ERR_SPILLWAY_SYSTEM', `has ended, but its cgroup could not be removed: ${String(error)}`, error);
    }
    return { leftovers, kernelKilledFor: undefined, ...figures };
  }

  /** Leaves it, and what is in it, to others. */
  letGo(): void {
    if (this.#victim !== undefined) native().closeVictim(this.#victim);
    this.#victim = undefined;
  }

  remove(): void {
    if (this.#victim === undefined) return;
    this.letGo();
    try {
      this.cgroup.remove();
    } finally {
      this.owner.onRemoved(this);
    }
  }

  #hold(pidfd: number): NativeFailure | undefined {
    return this.#victim === undefined ? undefined : native().holdVictim(this.#victim, pidfd);
  }

  /** Ends all that is in it, and returns how many processes that were. However long it takes. */
  async #end(): Promise<number> {
    const beganAtMs = performance.now();
    let left: number[] = [];
    let told = false;
    for (;;) {
      try {
        if (!this.cgroup.populated()) return left.length;
        if (left.length === 0) left = this.cgroup.allProcesses();
        if (!told && performance.now() - beganAtMs > stuckAfterMs) {
          told = true;
          this.#degraded('ERR_SPILLWAY_STUCK', `was killed, and of its processes (${left.slice(0, 8).join(', ')}) some do not die`);
        }
        // Again and again: who comes in after a kill lives.
        this.kill();
        await whenEmpty(this.cgroup, AbortSignal.timeout(retryMs));
      } catch (error) {
        if ((error as Error).name === 'TimeoutError') continue;
        if (!told) this.#degraded('ERR_SPILLWAY_SYSTEM', `has ended, but whether its cgroup is empty could not be seen: ${String(error)}`, error);
        told = true;
        // Perhaps no descriptor is left to look with; those of the kill are held.
        this.kill();
        await delay(retryMs);
      }
    }
  }

  /** After the last process and before our own rmdir: nothing can be missing. Where descriptors have run out it tries again, that nothing is lost. */
  async #lastFigures(): Promise<Partial<LastFigures>> {
    for (let tries = 1; ; tries++) {
      try {
        return this.#readFigures();
      } catch (error) {
        if (tries < figuresTries) {
          await delay(retryMs);
          continue;
        }
        this.#degraded('ERR_SPILLWAY_SYSTEM', `has ended, but its last figures could not be read: ${String(error)}`, error);
        return {};
      }
    }
  }

  #readFigures(): Partial<LastFigures> {
    if (!this.cgroup.exists()) return {};
    const counters = native().readCounters(this.cgroup.directory);
    if (isFailure(counters)) throw cgroupError(this.cgroup.directory, counters, 'read a file of');
    // Since Linux 5.19.
    const peakBytes = this.cgroup.has('memory.peak') ? Number(this.cgroup.read('memory.peak')) : NaN;
    const kernelKilledFor = this.owner.kernelKilledFor(this, counters);
    return { counters, kernelKilledFor, ...(Number.isSafeInteger(peakBytes) && { peakBytes }) };
  }

  #degraded(code: 'ERR_SPILLWAY_SYSTEM' | 'ERR_SPILLWAY_STUCK', what: string, cause?: unknown): void {
    this.owner.onDegraded(new SpillwayError(code, `Worker ${this.facts.id} ${what}`, { cause }));
  }
}

function setLimits(cgroup: Cgroup, { memory, pidsMax, cpuWeight }: WorkerFacts): void {
  // A worker that lost one of its processes is no use: the kernel takes all or none.
  setNumber(cgroup, 'memory.oom.group', 1);
  if (memory.minBytes !== undefined) setBytes(cgroup, 'memory.min', memory.minBytes);
  if (memory.lowBytes !== undefined) setBytes(cgroup, 'memory.low', memory.lowBytes);
  if (memory.highBytes !== undefined) setBytes(cgroup, 'memory.high', memory.highBytes);
  if (memory.maxBytes !== undefined) setBytes(cgroup, 'memory.max', memory.maxBytes);
  if (pidsMax !== undefined) setNumber(cgroup, 'pids.max', pidsMax);
  if (cpuWeight !== undefined) setNumber(cgroup, 'cpu.weight', cpuWeight);
}

function openForWriting(cgroup: Cgroup, file: string): number {
  try {
    return openSync(`${cgroup.directory}/${file}`, constants.O_WRONLY);
  } catch (error) {
    throw cgroupError(cgroup.directory, errnoFailure(error, 'open', file), 'open a file of');
  }
}
