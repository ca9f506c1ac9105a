import type { ChildProcess } from 'node:child_process';
import type { MemoryUsage } from '../monitor/types';
import type { WorkerCpu, WorkerExit } from './types';
import { parseWorkerUpdate, type WorkerUpdate } from './worker-options';
import type { WorkerProcess } from './worker-process';

/** A process with all its descendants, in a cgroup of its own where the host has any. */
export class Worker {
  readonly id: string;
  readonly pid: number;
  /** As `child_process` returned it; `undefined` for a process that was attached or adopted by its pid. */
  readonly process: ChildProcess | undefined;
  /**
   * Settles when the worker and all its descendants have ended; descendants that outlive the main
   * process are killed. Never rejects.
   */
  readonly exited: Promise<WorkerExit>;
  readonly #worker: WorkerProcess;
  readonly #onUpdate: () => void;

  /** Made by the supervisor. */
  constructor(worker: WorkerProcess, onUpdate: () => void) {
    this.#worker = worker;
    this.#onUpdate = onUpdate;
    this.id = worker.facts.id;
    this.pid = worker.pid;
    this.process = worker.main.child;
    this.exited = worker.exited;
  }

  /** What its processes use now; `undefined` when it has ended, or nobody can tell. */
  usage(): MemoryUsage | undefined {
    return this.#worker.enclosure.sample()?.usage;
  }

  /** How much processor time its processes have taken; `undefined` when it has ended, or nobody can tell. */
  cpu(): WorkerCpu | undefined {
    return this.#worker.enclosure.cpu();
  }

  /** Kills it and all its descendants. `exited` settles with cause `'signal'`. Does nothing after its end. */
  kill(): void {
    this.#worker.kill({ for: 'request' });
  }

  /** @throws ERR_SPILLWAY_INVALID_OPTION */
  update(update: WorkerUpdate): void {
    this.#worker.update(parseWorkerUpdate(update));
    this.#onUpdate();
  }
}

/** One that the supervisor has started itself. */
export interface SpawnedWorker extends Worker {
  readonly process: ChildProcess;
}
