import type { ForkOptions, SpawnOptions } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { Cgroup } from '../cgroup/cgroup';
import { cgroupError } from '../cgroup/cgroup-error';
import { defaultHighBytes, totalBytes } from '../cgroup/limits';
import { ownBase } from '../cgroup/own-cgroup';
import { createPoolTree, type PoolTree } from '../cgroup/pool-tree';
import { SpillwayError } from '../errors';
import { EventMemoryMonitor } from '../monitor/event-memory-monitor';
import type { Breach } from '../monitor/types';
import { launcherPath, native } from '../native';
import { emitSafely } from '../emit-safely';
import { forkArguments } from './fork-arguments';
import { PoolGauge } from './pool-gauge';
import { ReliefRound } from './relief-round';
import { spawnWorker, type Program } from './spawn-worker';
import { checkOrder, parseSupervisorOptions, type SupervisorOptions, type SupervisorSettings } from './supervisor-options';
import type { SupervisorEvents, SupervisorStatus } from './types';
import { Worker } from './worker';
import { parseWorkerOptions, type WorkerOptions } from './worker-options';
import type { WorkerProcess } from './worker-process';

/** The default `oom_score_adj` of a worker: the kernel, if it must kill after all, prefers it to the supervisor. */
const workerOomScoreAdj = 500;

/**
 * Runs workers in a pool with a memory limit, and when the pool is short, kills the one whose loss
 * costs least before the kernel's OOM killer picks one.
 *
 * The pool is the cgroup BASE/NAME; each worker has a leaf of its own below it. Three descriptors per
 * supervisor and two per worker, beside those of its monitor.
 */
export class Supervisor extends EventEmitter<SupervisorEvents> implements AsyncDisposable {
  readonly #settings: SupervisorSettings;
  readonly #tree: PoolTree;
  readonly #monitor: EventMemoryMonitor;
  readonly #gauge: PoolGauge;
  readonly #launcherFd: number;
  readonly #oomScoreAdj: number;
  readonly #workers = new Map<string, WorkerProcess | 'starting'>();
  readonly #counts = { shortBreaches: 0, churnBreaches: 0, reliefRounds: 0, kills: 0 };
  #spawned = 0;
  #starting = new Set<Promise<unknown>>();
  #round: Promise<void> | undefined;
  #helpless = false;
  #closed: Promise<void> | undefined;

  /**
   * Makes the pool and begins to watch it.
   *
   * @throws ERR_SPILLWAY_INVALID_OPTION, ERR_SPILLWAY_UNSUPPORTED, ERR_SPILLWAY_NAME_IN_USE,
   * ERR_SPILLWAY_CGROUP_BUSY, ERR_SPILLWAY_NOT_CGROUP2, ERR_SPILLWAY_CGROUP_NOT_FOUND,
   * ERR_SPILLWAY_CONTROLLER_DISABLED, ERR_SPILLWAY_PERMISSION, ERR_SPILLWAY_SYSTEM_LIMIT, ERR_SPILLWAY_SYSTEM
   */
  static async create(options: SupervisorOptions): Promise<Supervisor> {
    const settings = parseSupervisorOptions(options);
    native();
    const base = new Cgroup(settings.base ?? ownBase());
    // A pool with both at the same level would meet the OOM killer before Spillway hears anything.
    const highBytes = settings.highBytes ?? defaultHighBytes(Math.min(await totalBytes(base.directory), settings.maxBytes));
    checkOrder({ ...settings, highBytes });
    const tree = await createPoolTree(base, settings.name, { ...settings, highBytes });
    let launcherFd: number | undefined;
    try {
      launcherFd = openSync(launcherPath(), 'r');
      return new Supervisor(settings, tree, launcherFd);
    } catch (error) {
      if (launcherFd !== undefined) closeSync(launcherFd);
      await tree.remove().catch(() => undefined);
      throw error;
    }
  }

  private constructor(settings: SupervisorSettings, tree: PoolTree, launcherFd: number) {
    super();
    this.#settings = settings;
    this.#tree = tree;
    this.#launcherFd = launcherFd;
    this.#oomScoreAdj = Math.max(workerOomScoreAdj, Number(readFileSync('/proc/self/oom_score_adj', 'utf8')));
    this.#gauge = new PoolGauge(tree.pool.directory, settings.killBufferBytes);
    this.#monitor = new EventMemoryMonitor({
      cgroup: tree.pool.directory,
      // The pool's own limit only: a worker over its own is not the pool's matter.
      scope: 'local',
      keys: ['high', 'max', 'oom'],
      safetyReadMs: settings.safetyReadMs,
      ...(settings.killBufferBytes !== undefined && { killBufferBytes: settings.killBufferBytes }),
    });
    this.#monitor.on('breach', (breach) => {
      this.#onBreach(breach);
    });
    this.#monitor.on('clear', () => (this.#helpless = false));
    this.#monitor.on('degraded', (error) => {
      this.#emit('degraded', error);
    });
    this.#monitor.on('removed', () => {
      this.#emit('degraded', cgroupError(tree.pool.directory, { errno: constants.errno.ENODEV, syscall: 'read', file: 'memory.events' }, 'go on watching'));
    });
    this.#monitor.start();
  }

  /**
   * Starts a program as `child_process.spawn` does, in a cgroup of its own from its first instruction.
   * Resolves when the program runs.
   *
   * @throws what `child_process.spawn` would emit or throw (ENOENT, EACCES, ...), ERR_SPILLWAY_STOPPED,
   * ERR_SPILLWAY_INVALID_OPTION, ERR_SPILLWAY_ID_IN_USE, ERR_SPILLWAY_LAUNCH_FAILED, and the errors of
   * the cgroup's files. Nothing is left behind then.
   */
  async spawn(file: string, args: readonly string[] = [], spawnOptions: SpawnOptions = {}, workerOptions: WorkerOptions = {}): Promise<Worker> {
    return this.#start({ file, args, options: spawnOptions }, workerOptions);
  }

  /** Starts a Node module as `child_process.fork` does; otherwise as `spawn()`. */
  async fork(modulePath: string | URL, args: readonly string[] = [], forkOptions: ForkOptions = {}, workerOptions: WorkerOptions = {}): Promise<Worker> {
    return this.#start(forkArguments(modulePath, args, forkOptions), workerOptions);
  }

  status(): SupervisorStatus {
    return {
      name: this.#settings.name,
      cgroup: this.#tree.pool.directory,
      guarantee: 'kernel',
      monitor: this.#monitor.state,
      pool: this.#gauge.measure(this.#monitor.state === 'breached'),
      workers: this.#alive().map((worker) => ({ ...worker.candidate(), dying: worker.dying })),
      counts: { ...this.#counts, kernelOomKills: this.#gauge.kernelOomKills() },
    };
  }

  /** Ends all workers (cause `'closed'`), waits for them, and removes the pool. May be called twice. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #start(program: Program, workerOptions: WorkerOptions): Promise<Worker> {
    let number = ++this.#spawned;
    while (this.#workers.has(`w${number}`)) number = ++this.#spawned;
    const facts = parseWorkerOptions(workerOptions, { id: `w${number}`, oomScoreAdj: this.#oomScoreAdj });
    // No spawns during a round: they would take the kernel's cgroup lock, and the memory.
    while (this.#round !== undefined) await this.#round;
    this.#checkOpen();
    if (this.#workers.has(facts.id)) {
      throw new SpillwayError('ERR_SPILLWAY_ID_IN_USE', `A live worker has the id ${JSON.stringify(facts.id)} already; choose another, or none`);
    }
    this.#workers.set(facts.id, 'starting');
    const leaf = this.#tree.group.child(`${process.pid}-${number}`);
    const started = spawnWorker(program, facts, leaf, this.#launcherFd, (error) => {
      this.#emit('degraded', error);
    });
    this.#starting.add(started);
    try {
      const worker = await started;
      this.#workers.set(facts.id, worker);
      void worker.exited.then((exit) => {
        this.#workers.delete(facts.id);
        if (exit.cause === 'spillway') this.#counts.kills++;
        this.#emit('exit', exit);
      });
      return new Worker(worker);
    } catch (error) {
      this.#workers.delete(facts.id);
      throw error;
    } finally {
      this.#starting.delete(started);
    }
  }

  #alive(): WorkerProcess[] {
    return [...this.#workers.values()].filter((worker) => worker !== 'starting');
  }

  #onBreach(breach: Breach): void {
    if (breach.short) this.#counts.shortBreaches++;
    else this.#counts.churnBreaches++;
    this.#emit('breach', breach);
    // One round at a time; it looks afresh before it ends, so a breach in its course is not lost.
    if (breach.short && this.#round === undefined && this.#closed === undefined) {
      // A microtask later: the listeners of the first victim must find a round that is under way.
      this.#round = Promise.resolve()
        .then(() => this.#relieve(breach))
        .catch((cause: unknown) => {
          this.#emit('degraded', new SpillwayError('ERR_SPILLWAY_SYSTEM', 'A relief round failed; the next safety read starts another', { cause }));
        })
        .finally(() => (this.#round = undefined));
    }
  }

  async #relieve(breach: Breach): Promise<void> {
    const round = new ReliefRound(breach, {
      gauge: this.#gauge,
      policy: this.#settings.policy,
      victimTimeoutMs: this.#settings.victimTimeoutMs,
      workers: () => this.#alive(),
      closing: () => this.#closed !== undefined,
      onVictim: (victim) => {
        this.#emit('victim', victim);
      },
    });
    this.#counts.reliefRounds++;
    const report = await round.run();
    // While nothing can be done each safety read asks again, and one report says it all.
    const helpless = (report.outcome === 'no-candidate' || report.outcome === 'unreadable') && report.victims.length === 0;
    // A breach that was heard while the last round ended: the shortage was over by then.
    const needless = report.outcome === 'relieved' && report.victims.length === 0;
    if (!needless && !(helpless && this.#helpless)) this.#emit('relief', report);
    this.#helpless = helpless;
  }

  async #close(): Promise<void> {
    // No event may start a round now; the one under way ends before its next victim.
    this.#monitor.stop();
    await Promise.allSettled([...this.#starting]);
    const workers = this.#alive();
    for (const worker of workers) worker.kill('close');
    await Promise.all([...workers.map(({ exited }) => exited), this.#round]);
    closeSync(this.#launcherFd);
    await this.#tree.remove();
  }

  #checkOpen(): void {
    if (this.#closed !== undefined) throw new SpillwayError('ERR_SPILLWAY_STOPPED', 'The supervisor is closed; make a new one');
  }

  #emit<Name extends keyof SupervisorEvents>(name: Name, ...args: SupervisorEvents[Name]): void {
    emitSafely<SupervisorEvents, Name>(this, name, ...args);
  }
}
