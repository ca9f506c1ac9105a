import { EventEmitter } from 'node:events';
import { emitSafely } from '../emit-safely';
import { SpillwayError } from '../errors';
import type { LeaseDesk } from '../leases/base-lease';
import { Patience } from '../leases/patience';
import { parseBytes, quote, type Bytes } from '../options';
import { parseWish, type AcquireOptions, type Wish } from './acquire-options';
import { closedError, isLoaderError, tooLateError } from './cache-errors';
import { parseCacheOptions, parseRemove, type InstanceCacheOptions, type ParsedCache, type RemoveOptions } from './cache-options';
import type { Held } from './held';
import { Inventory } from './inventory';
import { Lease } from './lease';
import { makeInstance, measured } from './make-instance';
import type { Reclaimer } from '../supervisor/room/reclaimers';
import { Seats, type Seat } from './seat';
import type { CacheStats, EvictionReason, InstanceCacheEvents } from './types';
import { Waiting } from './waiting';

/**
 * Keeps instances that are expensive to make, one for each name, group and signature, each for one user at a time.
 * What is idle stays within a number of bytes, and goes when it was idle for long; compiled code is shared, counted,
 * and reserved before it is compiled. It behaves as ScyllaDB's cache of WebAssembly instances.
 *
 * Added to a supervisor (`supervisor.addReclaimer(cache)`), it gives idle instances back before anybody is killed. That
 * helps where the cache's own process counts against the same limit. What it gives is free once it was collected
 * (`stats.uncollectedBytes`).
 */
export class InstanceCache<M, I> extends EventEmitter<InstanceCacheEvents> implements Reclaimer, AsyncDisposable {
  readonly #options: ParsedCache<M, I>;
  readonly #seats = new Seats<M, I>();
  readonly #inventory: Inventory<M, I>;
  readonly #waiting: Waiting<M, I>;
  /** Of all that wait or load. */
  readonly #patiences = new Set<Patience>();
  readonly #desk: LeaseDesk<Held<M, I>> = { giveBack: (held, isCorrupt) => this.#giveBack(held, isCorrupt) };
  readonly #counts = { hits: 0, misses: 0, leased: 0, failedLoads: 0 };
  #isClosed = false;

  /** @throws {SpillwayError} `ERR_SPILLWAY_INVALID_OPTION` */
  constructor(options: InstanceCacheOptions<M, I>) {
    super();
    this.#options = parseCacheOptions(options);
    this.#waiting = new Waiting(this.#options);
    this.#inventory = new Inventory(this.#options, this.#seats, (error) => {
      this.#degrade(error);
    });
  }

  /**
   * The instance, found or made, for this user alone. While another one has it, it waits: first come, first served.
   *
   * @throws {SpillwayError} `ERR_SPILLWAY_NO_ROOM`, `ERR_SPILLWAY_QUEUE_FULL`, `ERR_SPILLWAY_TIMEOUT` (`timeoutMs`),
   *   `ERR_SPILLWAY_LOADER_FAILED`, `ERR_SPILLWAY_LOADER_INVALID`, `ERR_SPILLWAY_LOADER_TIMEOUT` (`loadTimeoutMs`),
   *   `ERR_SPILLWAY_STOPPED`, `ERR_SPILLWAY_INVALID_OPTION`; or the signal's reason. All by rejecting
   */
  acquire(name: string, options?: AcquireOptions): Promise<Lease<I>> {
    try {
      const lease = this.tryAcquire(name, options);
      // Not an async function: that costs more at a hit.
      return lease === undefined ? this.#acquireSlowly(parseWish(name, options)) : Promise.resolve(lease);
    } catch (error) {
      // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- it may be the signal's reason, which is the user's to choose
      return Promise.reject(error);
    }
  }

  /**
   * The instance, if it is there and nobody has it; `undefined` where it would have to be made or waited for. That is half of
   * what `acquire()` costs: `cache.tryAcquire(name) ?? await cache.acquire(name)`. It counts as a hit, or not at all.
   *
   * @throws {SpillwayError} `ERR_SPILLWAY_NO_ROOM` (`leaseBytes`), `ERR_SPILLWAY_STOPPED`, `ERR_SPILLWAY_INVALID_OPTION`; or the
   *   signal's reason
   */
  tryAcquire(name: string, options?: AcquireOptions): Lease<I> | undefined {
    if (this.#isClosed) throw closedError();
    const seat = this.#find(name, options);
    if (seat === undefined || seat.isLocked || seat.held === undefined) return undefined;
    seat.isLocked = true;
    // It needs no room: nothing can fail, and nothing has to go for it.
    if (this.#options.leaseBytes === 0) return this.#serve(seat.held);
    try {
      return this.#serve(seat.held);
    } catch (error) {
      this.#passOn(seat);
      throw error;
    } finally {
      this.#inventory.destroyDoomed();
    }
  }

  /**
   * The function is gone, or another one: its idle instances and its code are given up, those in use when they come
   * back, and who waits gets a new one. Of all groups; of one signature, or of all.
   */
  remove(name: string, options: RemoveOptions = {}): void {
    const signature = parseRemove(name, options);
    this.#inventory.code.forget(name, signature);
    for (const seat of this.#seats.of(name, signature)) {
      if (!seat.isLocked && seat.held !== undefined) this.#inventory.evict(seat.held, 'removed');
      this.#seats.delete(seat);
      seat.isRemoved = true;
      const { line } = seat;
      seat.line = undefined;
      const successor = line?.isEmpty === false ? this.#seats.at(name, seat.group, seat.signature) : undefined;
      if (successor === undefined) continue;
      successor.line = line;
      successor.isLocked = true;
      this.#passOn(successor);
    }
    this.#inventory.destroyDoomed();
  }

  /**
   * Gives idle instances up, the least recently used first, until so many bytes came together, and returns how many did:
   * instances, and code that lost its last one. `'max'`: all of them.
   *
   * @throws {SpillwayError} `ERR_SPILLWAY_INVALID_OPTION`
   */
  trim(bytes: Bytes): number {
    return this.reclaim(parseBytes('bytes', bytes, { unlimited: true }));
  }

  /** As {@link trim}, and only what was not used since `idleBeforeMs`. For a supervisor, or {@link Reclaimer}s of any kind. */
  reclaim(bytes: number, _signal?: AbortSignal, idleBeforeMs?: number): number {
    const givenBytes = this.#inventory.trim(bytes, idleBeforeMs);
    this.#inventory.destroyDoomed();
    return givenBytes;
  }

  /** When the least recently used idle instance was given back; `undefined` where none is idle. */
  get idleSinceMs(): number | undefined {
    return this.#inventory.idle.first?.idleSinceMs;
  }

  get name(): string {
    return this.#options.name;
  }

  /**
   * Gives idle instances up, the least recently used first, until some code has lost its last one, and returns that
   * code's bytes. It passes over those whose code is in use elsewhere: that would not go.
   */
  evictModules(): number {
    const bytes = this.#inventory.evictCode();
    this.#inventory.destroyDoomed();
    return bytes;
  }

  get stats(): CacheStats {
    const { idle, code, uncollected, evictions } = this.#inventory;
    return {
      ...this.#counts,
      ...this.#waiting.counts,
      idle: idle.count,
      idleBytes: idle.bytes,
      modules: code.count,
      moduleBytes: code.bytes,
      uncollectedBytes: uncollected.bytes,
      failedReservations: code.failedReservations,
      evictions: { ...evictions },
    };
  }

  /**
   * Gives all idle instances up; whoever waits or loads is turned away with `ERR_SPILLWAY_STOPPED`. Those in use are
   * left to their users and given up when they come back. Called again, it does nothing.
   */
  close(): Promise<void> {
    this.#isClosed = true;
    this.#inventory.stop();
    for (const patience of this.#patiences) patience.end(closedError());
    this.#inventory.evictAll('closed');
    this.#inventory.destroyDoomed();
    return Promise.resolve();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** @throws ERR_SPILLWAY_INVALID_OPTION; or the signal's reason */
  #find(name: string, options: AcquireOptions | undefined): Seat<M, I> | undefined {
    // Most calls have none, and need no object that says so.
    if (options === undefined && typeof (name as unknown) === 'string') return this.#seats.find(name, '', '');
    const { group, signature, signal } = parseWish(name, options);
    signal?.throwIfAborted();
    return this.#seats.find(name, group, signature);
  }

  async #acquireSlowly({ name, group, signature, signal, timeoutMs }: Wish): Promise<Lease<I>> {
    const seat = this.#seats.at(name, group, signature);
    const patience = new Patience(signal, this.#options.clock);
    this.#patiences.add(patience);
    try {
      if (timeoutMs !== undefined) patience.limit(timeoutMs, () => new SpillwayError('ERR_SPILLWAY_TIMEOUT', `No instance of ${quote(name)} could be had within ${timeoutMs} ms`));
      const mine = seat.isLocked ? await this.#waiting.wait(seat, patience.signal) : seat;
      mine.isLocked = true;
      return await this.#fill(mine, patience);
    } finally {
      this.#patiences.delete(patience);
      patience[Symbol.dispose]();
    }
  }

  /** Of a seat that is locked for this user: whatever goes wrong, it is passed on. */
  async #fill(seat: Seat<M, I>, patience: Patience): Promise<Lease<I>> {
    const { leaseBytes } = this.#options;
    const { code } = this.#inventory;
    let reservedBytes = 0;
    try {
      patience.signal.throwIfAborted();
      if (seat.held !== undefined) return this.#serve(seat.held);
      this.#counts.misses += 1;
      code.reserve(leaseBytes, 'a lease (leaseBytes)');
      reservedBytes = leaseBytes;
      seat.held = await makeInstance(seat, this.#options, this.#inventory, patience);
      this.#counts.leased += 1;
      return new Lease(this.#desk, seat.held, false);
    } catch (error) {
      code.release(reservedBytes);
      if (isLoaderError(error)) this.#counts.failedLoads += 1;
      this.#passOn(seat);
      throw error;
    } finally {
      this.#inventory.destroyDoomed();
    }
  }

  /** Leases an instance that is there, of a seat that is locked for this user. */
  #serve(held: Held<M, I>): Lease<I> {
    if (held.isIdle) this.#inventory.take(held);
    this.#inventory.code.reserve(this.#options.leaseBytes, 'a lease (leaseBytes)');
    this.#counts.hits += 1;
    this.#counts.leased += 1;
    return new Lease(this.#desk, held, true);
  }

  #giveBack(held: Held<M, I>, isCorrupt: boolean): SpillwayError | undefined {
    const reason = this.#whyGiveUp(held, isCorrupt);
    this.#counts.leased -= 1;
    this.#inventory.code.release(this.#options.leaseBytes);
    if (reason !== undefined) this.#drop(held, reason);
    this.#passOn(held.seat);
    return this.#isClosed ? tooLateError() : undefined;
  }

  #whyGiveUp(held: Held<M, I>, isCorrupt: boolean): EvictionReason | undefined {
    try {
      if (!isCorrupt) held.bytes = measured(this.#options.loader, held.instance);
    } catch (error) {
      this.#degrade(error as SpillwayError);
      return 'unmeasurable';
    }
    // Now only: the loader may have called the cache.
    if (isCorrupt) return 'discarded';
    if (this.#isClosed) return 'closed';
    if (held.seat.isRemoved) return 'removed';
    return held.bytes > this.#options.maxInstanceBytes ? 'oversize' : undefined;
  }

  /** One that is in use, or that nobody came for. */
  #drop(held: Held<M, I>, reason: EvictionReason): void {
    held.seat.held = undefined;
    this.#inventory.code.unpin(held.code);
    this.#inventory.giveUp(held.instance, held.bytes, reason);
  }

  /** Whoever had the seat is done with it. The next one gets it as it is; without one its instance goes idle. */
  #passOn(seat: Seat<M, I>): void {
    if (seat.line?.callNext(seat) !== true) {
      seat.isLocked = false;
      const { held } = seat;
      if (held === undefined) this.#seats.delete(seat);
      else if (this.#isClosed || seat.isRemoved) this.#drop(held, this.#isClosed ? 'closed' : 'removed');
      else this.#inventory.keep(held);
    }
    this.#inventory.destroyDoomed();
  }

  #degrade(error: SpillwayError): void {
    this.#counts.failedLoads += 1;
    emitSafely<InstanceCacheEvents, 'degraded'>(this, 'degraded', error);
  }
}
