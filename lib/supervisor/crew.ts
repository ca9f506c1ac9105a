import { SpillwayError } from '../errors';
import type { Adopted, Containment, Enclosure, LimitScope, Program } from './containment/types';
import type { MainProcess } from './main-process';
import { Prepared } from './prepared';
import type { ReliefDesk } from './relief/relief-desk';
import type { SupervisorEvents } from './types';
import { Worker, type SpawnedWorker } from './worker';
import type { WorkerBounds } from './worker-bounds';
import { parseWorkerOptions, type WorkerFacts, type WorkerOptions } from './worker-options';
import { WorkerProcess } from './worker-process';

export interface CrewContext {
  containment: Containment;
  desk: ReliefDesk;
  /** What workers declare. */
  bounds: WorkerBounds;
  /** The default of workers. */
  oomScoreAdj: number;
  /** Whether the pool has room. Where not, a start is held up for a while; that rejects when the signal fires or the supervisor closes. */
  accepting: () => boolean;
  slowDown: (signal: AbortSignal | undefined) => Promise<void>;
  /** Tells the supervisor's listeners. Never throws. */
  emit: <Name extends 'exit' | 'degraded'>(name: Name, ...args: SupervisorEvents[Name]) => void;
}

/** All workers of a supervisor: how they come, by id, and that they go. */
export class Crew {
  readonly #workers = new Map<string, WorkerProcess | 'starting'>();
  /** Places that nothing was attached to yet. */
  readonly #prepared = new Set<Prepared>();
  /** What begins or ends a worker at present. */
  readonly #pending = new Set<Promise<unknown>>();
  #dismissed = false;
  #ids = 0;
  #kills = 0;

  constructor(private readonly context: CrewContext) {}

  /** Workers killed to relieve a limit. */
  get kills(): number {
    return this.#kills;
  }

  /** The workers that have started and not ended. */
  workers(): WorkerProcess[] {
    return [...this.#workers.values()].filter((worker) => worker !== 'starting');
  }

  async start(program: Program, workerOptions: WorkerOptions): Promise<SpawnedWorker> {
    const facts = this.#reserve(workerOptions);
    try {
      if (!this.context.accepting()) await this.context.slowDown(program.options.signal);
      // No spawns during a round: they would take the kernel's cgroup lock, and the memory.
      while (this.context.desk.rounds !== undefined) await this.context.desk.rounds;
      this.checkOpen();
      return await this.track(this.#launch(program, facts));
    } catch (error) {
      this.#forget(facts.id);
      throw error;
    }
  }

  prepare(workerOptions: WorkerOptions): Prepared {
    const facts = this.#reserve(workerOptions);
    let enclosure: Enclosure;
    try {
      enclosure = this.context.containment.enclose(facts);
    } catch (error) {
      this.#forget(facts.id);
      throw error;
    }
    const prepared: Prepared = new Prepared(enclosure, {
      start: (main) => this.#take(facts, main, enclosure),
      abandon: () =>
        // Something may run in it already: what wrap() says was started, and never attached.
        this.track(
          enclosure.settle(false).then(() => {
            this.#forget(facts.id);
          }),
        ),
      onUsed: () => this.#prepared.delete(prepared),
    });
    this.#prepared.add(prepared);
    return prepared;
  }

  /** A worker that a dead supervisor has left. */
  keep({ facts, main, enclosure }: Adopted): Worker {
    const id = this.#workers.has(facts.id) ? this.#freeId() : facts.id;
    this.context.bounds.keep({ ...facts, id });
    return this.#admit({ ...facts, id }, main, enclosure);
  }

  /** Lets nobody in any more. Resolves with all that are there when those on their way have come. */
  async dismiss(): Promise<WorkerProcess[]> {
    this.#dismissed = true;
    for (const prepared of this.#prepared) prepared[Symbol.dispose]();
    await Promise.allSettled(this.#pending);
    return this.workers();
  }

  /** @throws ERR_SPILLWAY_STOPPED */
  checkOpen(): void {
    if (this.#dismissed) throw new SpillwayError('ERR_SPILLWAY_STOPPED', 'The supervisor is closed; make a new one');
  }

  /** `dismiss()` waits for it. */
  track<T>(work: Promise<T>): Promise<T> {
    this.#pending.add(work);
    const done = (): void => void this.#pending.delete(work);
    work.then(done, done);
    return work;
  }

  async #launch(program: Program, facts: WorkerFacts): Promise<SpawnedWorker> {
    const enclosure = this.context.containment.enclose(facts);
    let main: MainProcess;
    try {
      main = await enclosure.launch(program);
    } catch (error) {
      this.#giveUp(enclosure, facts);
      throw error;
    }
    return this.#admit(facts, main, enclosure) as SpawnedWorker;
  }

  /** Nothing is in it. No look at that: the launch may have failed because no descriptor was left. */
  #giveUp(enclosure: Enclosure, { id }: WorkerFacts): void {
    try {
      enclosure.remove();
    } catch (cause) {
      const message = `Worker ${id} could not be started, and its place could not be removed: ${String(cause)}`;
      this.context.emit('degraded', new SpillwayError('ERR_SPILLWAY_SYSTEM', message, { cause }));
    }
  }

  #take(facts: WorkerFacts, main: MainProcess, enclosure: Enclosure): Worker {
    this.checkOpen();
    const other = this.workers().find(({ pid }) => pid === main.pid);
    if (other !== undefined) throw new SpillwayError('ERR_SPILLWAY_ID_IN_USE', `The process ${main.pid} is the worker ${other.facts.id} already`);
    const outside = enclosure.take(main);
    const worker = this.#admit(facts, main, enclosure);
    if (outside.length > 0) {
      const message = `Descendants of worker ${facts.id} could not be moved into its cgroup (${outside.slice(0, 8).join(', ')}): they are neither counted nor ended with it`;
      this.context.emit('degraded', new SpillwayError('ERR_SPILLWAY_STRAGGLERS', message));
    }
    return worker;
  }

  /** From here on it is a worker, whatever becomes of it. */
  #admit(facts: WorkerFacts, main: MainProcess, enclosure: Enclosure): Worker {
    const scope = this.context.containment.scopeOf(facts, enclosure);
    if (scope !== undefined) this.#watchUntil(main.ended, scope);
    const { desk } = this.context;
    const worker = new WorkerProcess(facts, main, enclosure, (watch) => desk.killedBy(watch));
    this.#workers.set(facts.id, worker);
    desk.workersChanged();
    void worker.exited.then((exit) => {
      this.#forget(facts.id);
      if (exit.cause === 'spillway') this.#kills++;
      this.context.emit('exit', exit);
    });
    return new Worker(worker, () => {
      desk.workersChanged();
    });
  }

  #watchUntil(ended: Promise<unknown>, scope: LimitScope): void {
    try {
      this.context.desk.watch(scope);
      // Before the worker hears of its end too, and removes what is watched.
      void ended.then(() => {
        this.context.desk.unwatch(scope);
      });
    } catch (cause) {
      const message = `Worker ${String(scope.id)} has its mark, but Spillway cannot watch it: ${String(cause)}`;
      this.context.emit('degraded', new SpillwayError('ERR_SPILLWAY_SYSTEM', message, { cause }));
    }
  }

  /** Checks the options, and takes the id. */
  #reserve(workerOptions: WorkerOptions): WorkerFacts {
    const facts = parseWorkerOptions(workerOptions, { id: this.#freeId(), oomScoreAdj: this.context.oomScoreAdj });
    this.checkOpen();
    if (this.#workers.has(facts.id)) {
      throw new SpillwayError('ERR_SPILLWAY_ID_IN_USE', `A live worker has the id ${JSON.stringify(facts.id)} already; choose another, or none`);
    }
    this.context.bounds.add(facts);
    this.#workers.set(facts.id, 'starting');
    return facts;
  }

  #forget(id: string): void {
    this.#workers.delete(id);
    this.context.bounds.delete(id);
  }

  #freeId(): string {
    let id: string;
    do id = `w${++this.#ids}`;
    while (this.#workers.has(id));
    return id;
  }
}
