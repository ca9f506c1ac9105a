import type { ForkOptions, SpawnOptions } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { emitSafely } from '../emit-safely';
import { parseName } from '../options';
import { assemble, type Parts, type Tell } from './assemble';
import { atExit } from './at-exit';
import { parseCloseOptions, type CloseOptions, type CloseSettings } from './close-options';
import { closeDown } from './close-down';
import { closeOnSignals } from './close-on-signals';
import type { Containment, GroupLimits, OnDegraded } from './containment/types';
import { forkArguments } from './fork-arguments';
import { parseGroupLimits, type GroupOptions } from './group-options';
import { chooseContainment, warnIfLowered, type Guarantee } from './guarantee';
import type { Attachable, Prepared } from './prepared';
import { logEvent } from './logger';
import { publish } from './reports/channels';
import { Reports } from './reports/reports';
import type { Reclaimer } from './room/reclaimers';
import type { WaitForRoomOptions } from './room/wait-options';
import { parseSupervisorOptions, type SupervisorOptions, type SupervisorSettings } from './supervisor-options';
import type { ReliefReport, SupervisorEvents, SupervisorStatus } from './types';
import type { SpawnedWorker, Worker } from './worker';
import type { WorkerOptions } from './worker-options';

/**
 * Runs workers in a pool with a memory limit, and when the pool is short, kills the one whose loss
 * costs least before the kernel's OOM killer picks one.
 *
 * The pool is the cgroup BASE/NAME; each worker has a leaf of its own below it. Where the host has no
 * cgroup v2 to give, it promises less, and `guarantee` says why. Nine descriptors per supervisor (six of
 * them of the limiter that `waitForRoom()` stands on) and six per worker, beside those of its monitors:
 * one for the pool, and one for each group and worker with a mark of its own.
 */
export class Supervisor extends EventEmitter<SupervisorEvents> implements AsyncDisposable {
  /** What this host lets it promise. */
  readonly guarantee: Guarantee;
  /** Workers that a dead supervisor of the same name has left, with `leftovers: 'adopt'`. */
  readonly adopted: readonly Worker[];
  readonly #settings: SupervisorSettings;
  readonly #containment: Containment;
  readonly #reports: Reports;
  readonly #parts: Parts;
  readonly #handlers: Disposable[];
  /** To all who want to know; a report is kept before any listener acts on it. */
  readonly #tell: Tell = (name, ...args) => {
    const { name: pool, logger } = this.#settings;
    if (name === 'relief') this.#reports.keep(...(args as SupervisorEvents['relief']));
    logEvent(logger, pool, name, ...args);
    publish(pool, name, ...args);
    emitSafely<SupervisorEvents, typeof name>(this, name, ...args);
  };
  /** Ends the draining of `close()`. */
  readonly #hurry = new AbortController();
  #closed: Promise<void> | undefined;

  /**
   * Makes the pool and begins to watch it.
   *
   * @throws ERR_SPILLWAY_INVALID_OPTION, ERR_SPILLWAY_NAME_IN_USE, ERR_SPILLWAY_INSIDE_POOL,
   * ERR_SPILLWAY_CGROUP_NOT_FOUND, ERR_SPILLWAY_LIMIT_NOT_SET, ERR_SPILLWAY_SYSTEM_LIMIT, ERR_SPILLWAY_SYSTEM;
   * and for what the host lacks of the level in `require` ERR_SPILLWAY_UNSUPPORTED,
   * ERR_SPILLWAY_KERNEL_TOO_OLD, ERR_SPILLWAY_NOT_CGROUP2, ERR_SPILLWAY_NOT_DELEGATED,
   * ERR_SPILLWAY_PERMISSION, ERR_SPILLWAY_CONTROLLER_DISABLED, ERR_SPILLWAY_CGROUP_BUSY
   */
  static async create(options: SupervisorOptions): Promise<Supervisor> {
    const settings = parseSupervisorOptions(options);
    // Before there is a supervisor that could tell, nothing can be amiss: it has no workers.
    let tell: OnDegraded = () => undefined;
    const { containment, guarantee } = await chooseContainment(settings, (error) => {
      tell(error);
    });
    try {
      const supervisor = new Supervisor(settings, containment, guarantee);
      tell = (error) => {
        supervisor.#tell('degraded', error);
      };
      warnIfLowered(guarantee);
      return supervisor;
    } catch (error) {
      try {
        containment.letGo();
      } catch {
        // What failed first is what is told; and adopted workers, who live on, keep the pool.
      }
      throw error;
    }
  }

  private constructor(settings: SupervisorSettings, containment: Containment, guarantee: Guarantee) {
    super();
    this.#settings = settings;
    this.#containment = containment;
    this.guarantee = guarantee;
    this.#reports = new Reports(settings.reports, (error) => {
      this.#tell('degraded', error);
    });
    this.#parts = assemble(settings, containment, this.#tell);
    this.adopted = containment.adopted.map((left) => this.#parts.crew.keep(left));
    this.#handlers = [
      atExit(() => {
        try {
          containment.removeNow();
        } finally {
          // Node closes what a worker thread has opened, but does not know of these.
          for (const { main } of this.#parts.crew.workers()) main.release();
        }
      }),
      closeOnSignals(settings.closeOn, () => this.close()),
    ];
  }

  /**
   * Starts a program as `child_process.spawn` does, in a cgroup of its own from its first instruction.
   * Resolves when the program runs.
   *
   * @throws what `child_process.spawn` would emit or throw (ENOENT, EACCES, ...), ERR_SPILLWAY_STOPPED,
   * ERR_SPILLWAY_INVALID_OPTION, ERR_SPILLWAY_ID_IN_USE, ERR_SPILLWAY_LAUNCH_FAILED, and the errors of
   * the cgroup's files. Nothing is left behind then.
   */
  async spawn(file: string, args: readonly string[] = [], spawnOptions: SpawnOptions = {}, workerOptions: WorkerOptions = {}): Promise<SpawnedWorker> {
    return this.#parts.crew.start({ file, args, options: spawnOptions }, workerOptions);
  }

  /** Starts a Node module as `child_process.fork` does; otherwise as `spawn()`. */
  async fork(modulePath: string | URL, args: readonly string[] = [], forkOptions: ForkOptions = {}, workerOptions: WorkerOptions = {}): Promise<SpawnedWorker> {
    return this.#parts.crew.start(forkArguments(modulePath, args, forkOptions), workerOptions);
  }

  /**
   * Makes a worker's place for a process that another library starts (execa, node-pty, puppeteer).
   *
   * @throws ERR_SPILLWAY_STOPPED, ERR_SPILLWAY_INVALID_OPTION, ERR_SPILLWAY_ID_IN_USE, and the errors of
   * the cgroup's files
   */
  prepare(workerOptions: WorkerOptions = {}): Prepared {
    return this.#parts.crew.prepare(workerOptions);
  }

  /** Makes a running process a worker, with its descendants: `prepare()` and `attach()` in one. */
  async adopt(target: Attachable, workerOptions: WorkerOptions = {}): Promise<Worker> {
    return this.prepare(workerOptions).attach(target);
  }

  /**
   * Gives a group (tenant) limits of its own, or others, or none. Over its mark only its own workers are
   * killed. The group is there when this returns; the limits hold when it resolves, which takes time
   * where they are below what is used already.
   *
   * @throws ERR_SPILLWAY_STOPPED, ERR_SPILLWAY_INVALID_OPTION, and the errors of the cgroup's files
   */
  async group(id: string, options: GroupOptions = {}): Promise<void> {
    const limits = parseGroupLimits(options);
    this.#parts.crew.checkOpen();
    await this.#parts.crew.track(this.#setGroup(parseName('group', id), limits));
  }

  /**
   * Adds what can give memory back without a kill. It is asked from `levels.reclaimAt` of the pool's mark
   * on, and at the mark, for `reclaimBudgetMs`, before anybody is killed.
   *
   * @throws ERR_SPILLWAY_INVALID_OPTION
   */
  addReclaimer(reclaimer: Reclaimer): Disposable {
    return this.#parts.reclaimers.add(reclaimer);
  }

  /** Whether new work is welcome: the pool is below `levels.slowAt` of its mark, no relief round is under way, and `close()` was not called. */
  get accepting(): boolean {
    return this.#parts.room.accepting;
  }

  /**
   * Resolves when there is room for new work of so many bytes; see `WaitForRoomOptions`. First come, first
   * served. Where nothing is watched there is always room.
   *
   * @throws ERR_SPILLWAY_INVALID_OPTION, ERR_SPILLWAY_TIMEOUT, ERR_SPILLWAY_STOPPED, and the signal's reason
   */
  async waitForRoom(options: WaitForRoomOptions = {}): Promise<void> {
    await this.#parts.room.waitForRoom(options);
  }

  /** The last relief reports (100, see the option `reports`), the newest last. */
  get reports(): readonly ReliefReport[] {
    return this.#reports.list;
  }

  status(): SupervisorStatus {
    const { pool } = this.#containment;
    const workers = this.#parts.crew.workers().map((worker) => ({ ...worker.candidate(), dying: worker.dying }));
    return {
      name: this.#settings.name,
      cgroup: this.#containment.cgroup,
      guarantee: this.guarantee,
      monitor: pool?.monitor.state,
      pool: pool?.gauge.measure(pool.monitor.state === 'breached'),
      watches: this.#parts.desk.watches,
      accepting: this.accepting,
      workers,
      bounds: this.#parts.bounds.status(workers),
      counts: { ...this.#parts.desk.counts, kills: this.#parts.crew.kills, kernelOomKills: this.#containment.kernelOomKills() },
    };
  }

  /**
   * Ends all workers (cause `'closed'`), waits for them, and removes the pool. From the call on nothing
   * is started any more. It may be called again: it is one close, and a later call without `drain` ends
   * the draining.
   *
   * @throws ERR_SPILLWAY_INVALID_OPTION, and the errors of the cgroup's files when the pool cannot be removed
   */
  async close(options: CloseOptions = {}): Promise<void> {
    const settings = parseCloseOptions(options, this.#settings);
    if (this.#closed !== undefined && !settings.drain) this.#hurry.abort();
    this.#closed ??= this.#close(settings);
    return this.#closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(settings: CloseSettings): Promise<void> {
    try {
      await closeDown(this.#parts, this.#containment, settings, this.#hurry.signal, this.#tell);
    } finally {
      for (const handler of this.#handlers) handler[Symbol.dispose]();
      await this.#reports.close();
    }
  }

  async #setGroup(id: string, limits: GroupLimits): Promise<void> {
    const scope = await this.#containment.setGroup(id, limits);
    if (scope !== undefined) this.#parts.desk.watch(scope);
  }

}
