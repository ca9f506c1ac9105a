import type { ChildProcess } from 'node:child_process';
import type { MemoryUsage } from '../monitor/types';
import type { WorkerExit } from './types';
import { parseWorkerUpdate, type WorkerUpdate } from './worker-options';
import type { WorkerProcess } from './worker-process';

/** A process in a cgroup of its own, with all its descendants. */
export class Worker {
  readonly id: string;
  readonly pid: number;
  /** As `child_process.spawn` returns it. */
  readonly process: ChildProcess;
  /**
   * Settles when the worker and all its descendants have ended; descendants that outlive the main
   * process are killed. Never rejects.
   */
  readonly exited: Promise<WorkerExit>;
  readonly #worker: WorkerProcess;

  /** Made by `supervisor.spawn()` and `supervisor.fork()`. */
  constructor(worker: WorkerProcess) {
    this.#worker = worker;
    this.id = worker.facts.id;
    this.pid = worker.pid;
    this.process = worker.process;
    this.exited = worker.exited;
  }

  /** What its cgroup uses now; `undefined` when it has ended. */
  usage(): MemoryUsage | undefined {
    return this.#worker.leaf.sample()?.usage;
  }

  /** Kills it and all its descendants. `exited` settles with cause `'signal'`. Does nothing after its end. */
  kill(): void {
    this.#worker.kill('request');
  }

  /** @throws ERR_SPILLWAY_INVALID_OPTION */
  update(update: WorkerUpdate): void {
    this.#worker.update(parseWorkerUpdate(update));
  }
}
