import type { ForkOptions } from 'node:child_process';
import { SpillwayError } from '../errors';
import { Patience } from '../leases/patience';
import type { TimeLimits } from '../leases/time-limits';
import type { MemoryUsage } from '../monitor/types';
import { checkKeys, invalidOption, type Bytes } from '../options';
import { systemClock } from '../clock';
import type { Reclaimer } from '../supervisor/room/reclaimers';
import type { Supervisor } from '../supervisor/supervisor';
import type { WorkerOptions } from '../supervisor/worker-options';
import type { Lease } from './lease';
import { WarmPool } from './warm-pool';
import { WarmProcess } from './warm-process';
import { limitNames, parseKeyWish, type WarmPoolOptions } from './warm-options';
import type { CreateRequest, ResourceHooks, WarmPoolStats } from './warm-types';

export interface WarmProcessesOptions<K> extends Omit<WarmPoolOptions<WarmProcess, K>, keyof ResourceHooks<WarmProcess, K>> {
  /** Whose workers the processes are. */
  supervisor: Pick<Supervisor, 'fork'>;
  /** The module that each process runs: it calls `answerRequests()`. */
  modulePath: string | URL;
  args?: readonly string[];
  forkOptions?: ForkOptions;
  /** What the supervisor is told of each: its group, its memory. A function is asked for each process. Default none. */
  workerOptions?: WorkerOptions | ((key: K) => WorkerOptions);
  /** Told of a process that does not end, or whose options are refused. Default: nobody is. */
  onDegraded?: (error: SpillwayError) => void;
}

/**
 * Node processes that stay warm between requests, one request at a time each, supervised: each is a worker in a cgroup of its own
 * where the host has any, and is marked idle while it waits, so that policies take it first. A key finds the process that served it
 * last; no process ever serves two keys.
 *
 * Added to the supervisor (`supervisor.addReclaimer(processes)`), it ends idle ones before anybody is killed, and counts their
 * bytes once they are gone: what `worker.usage()` last said that cannot be reclaimed otherwise.
 */
export class WarmProcesses<K = unknown> implements Reclaimer, AsyncDisposable {
  readonly #pool: WarmPool<WarmProcess, K>;
  readonly #options: WarmProcessesOptions<K>;

  /** @throws {SpillwayError} `ERR_SPILLWAY_INVALID_OPTION` */
  constructor(options: WarmProcessesOptions<K>) {
    checkKeys('WarmProcesses', options, [...limitNames, 'supervisor', 'modulePath', 'args', 'forkOptions', 'workerOptions', 'onDegraded']);
    const { supervisor, modulePath, onDegraded } = options;
    if (typeof (supervisor as { fork?: unknown } | undefined)?.fork !== 'function') throw invalidOption('supervisor', supervisor, 'a Supervisor');
    if (typeof (modulePath as unknown) !== 'string' && !((modulePath as unknown) instanceof URL)) throw invalidOption('modulePath', modulePath, 'a path or a URL');
    this.#options = options;
    const limits = Object.fromEntries(Object.entries(options).filter(([name]) => limitNames.includes(name))) as unknown as Pick<WarmPoolOptions<WarmProcess, K>, 'capacity'>;
    this.#pool = new WarmPool<WarmProcess, K>({
      name: 'warm processes',
      ...limits,
      create: (request) => this.#start(request),
      measure: ({ worker }) => bytesOf(worker.usage()),
      destroy: (process) => process.kill(),
    });
    if (onDegraded !== undefined) this.#pool.on('degraded', onDegraded);
  }

  get name(): string {
    return this.#pool.name;
  }

  get stats(): WarmPoolStats {
    return this.#pool.stats;
  }

  /**
   * Has a process answer, once one is free. What is sent and what comes back is copied as the IPC channel does (`serialization` of
   * `forkOptions`). When the wait ends while a process is at work, the process is killed: nobody could tell what it is still doing.
   *
   * @throws {SpillwayError} `ERR_SPILLWAY_PROCESS_ENDED` (it crashed or was killed; `cause` is its `WorkerExit`),
   *   `ERR_SPILLWAY_REQUEST_FAILED` (its handler threw; `cause` is what), and all that `WarmPool.acquire()` throws
   */
  async request(key: K, body: unknown, limits?: TimeLimits): Promise<unknown> {
    const { signal, timeoutMs } = parseKeyWish(key, limits);
    signal?.throwIfAborted();
    const patience = new Patience(signal, this.#options.clock ?? systemClock);
    try {
      if (timeoutMs !== undefined) patience.limit(timeoutMs, () => new SpillwayError('ERR_SPILLWAY_TIMEOUT', `The request was not answered within ${timeoutMs} ms`));
      return await answered(await this.#pool.acquire(key, { signal: patience.signal }), body, patience.signal);
    } finally {
      patience[Symbol.dispose]();
    }
  }

  /** As {@link WarmPool.trim}. */
  trim(bytes: Bytes): Promise<number> {
    return this.#pool.trim(bytes);
  }

  /** As {@link WarmPool.reclaim}. */
  reclaim(bytes: number, signal: AbortSignal, idleBeforeMs?: number): Promise<number> {
    return this.#pool.reclaim(bytes, signal, idleBeforeMs);
  }

  /** As {@link WarmPool.idleSinceMs}. */
  get idleSinceMs(): number | undefined {
    return this.#pool.idleSinceMs;
  }

  /** As {@link WarmPool.close}: requests under way are answered, and then their processes end. */
  close(): Promise<void> {
    return this.#pool.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #start({ key, signal, lost }: CreateRequest<K>): Promise<WarmProcess> {
    const { supervisor, modulePath, args, forkOptions, workerOptions } = this.#options;
    const worker = await supervisor.fork(modulePath, args, forkOptions, typeof workerOptions === 'function' ? workerOptions(key) : workerOptions);
    const process = new WarmProcess(worker, lost);
    try {
      await process.ready(signal);
    } catch (error) {
      await process.kill();
      throw error;
    }
    process.mark(true);
    return process;
  }
}

async function answered(lease: Lease<WarmProcess>, body: unknown, signal: AbortSignal): Promise<unknown> {
  const process = lease.resource;
  process.mark(false);
  try {
    return await process.ask(body, signal);
  } catch (error) {
    if (!(error instanceof SpillwayError) || error.code !== 'ERR_SPILLWAY_REQUEST_FAILED') lease.discard();
    throw error;
  } finally {
    process.mark(true);
    lease[Symbol.dispose]();
  }
}

/** What its end gives back: neither page cache, which goes by itself, nor what others share. Without cgroups some of it is not known. */
function bytesOf(usage: MemoryUsage = {}): number {
  const { currentBytes = 0, pinnedBytes = currentBytes, anonBytes, swapBytes = 0 } = usage;
  return anonBytes === undefined ? pinnedBytes : anonBytes + swapBytes;
}
