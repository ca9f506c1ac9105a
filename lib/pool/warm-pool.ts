import { EventEmitter } from 'node:events';
import { emitSafely } from '../emit-safely';
import { SpillwayError } from '../errors';
import type { LeaseDesk } from '../leases/base-lease';
import { Patience } from '../leases/patience';
import type { TimeLimits } from '../leases/time-limits';
import { parseBytes, type Bytes } from '../options';
import type { Reclaimer } from '../supervisor/room/reclaimers';
import { Lease } from './lease';
import { Request } from './request';
import type { LeaseOutcome, Resident } from './resident';
import { Stock, type Start } from './stock';
import { parseKeyWish, parseWarmPool, type ParsedWarmPool, type WarmPoolOptions } from './warm-options';
import type { WarmPoolEvents, WarmPoolStats } from './warm-types';
import { Workshop } from './workshop';

const countOf: Record<LeaseOutcome, 'hits' | 'resets' | 'creations'> = { hit: 'hits', reset: 'resets', created: 'creations' };

/**
 * Keeps resources that are expensive to make (processes, threads, connections) for those who use them again: a key finds what it
 * used last, and nobody finds what another key has used unless `reset()` has cleaned it. Which slot a key gets is the choice of
 * {@link SlotAllocator}. There are never more resources than slots, those that are being made or destroyed included.
 *
 * Added to a supervisor (`supervisor.addReclaimer(pool)`), it gives idle resources back before anybody is killed.
 */
export class WarmPool<R, K = unknown> extends EventEmitter<WarmPoolEvents> implements Reclaimer, AsyncDisposable {
  readonly #options: ParsedWarmPool<R, K>;
  readonly #workshop: Workshop<R, K>;
  readonly #stock: Stock<R, K>;
  /** Who waits for a slot, first come, first served. */
  readonly #line = new Set<Request<K, Lease<R>>>();
  /** Of all that wait, in line or for a hook. */
  readonly #patiences = new Set<Patience>();
  readonly #desk: LeaseDesk<Resident<R, K>> = { giveBack: (resident, isCorrupt) => this.#giveBack(resident, isCorrupt) };
  readonly #counts = { leased: 0, blocks: 0, waitMs: 0, hits: 0, resets: 0, creations: 0 };
  #isClosed = false;

  /** @throws {SpillwayError} `ERR_SPILLWAY_INVALID_OPTION` */
  constructor(options: WarmPoolOptions<R, K>) {
    super();
    this.#options = parseWarmPool(options);
    this.#workshop = new Workshop(this.#options, (error) => {
      emitSafely<WarmPoolEvents, 'degraded'>(this, 'degraded', error);
    });
    this.#stock = new Stock(this.#options, this.#workshop, () => {
      this.#serve();
    });
  }

  get name(): string {
    return this.#options.name;
  }

  /**
   * A resource, for this user alone: what this key (compared as in a `Map`) used last, or one that was reset, or a new one. When
   * all slots are taken it waits, first come, first served whatever the key, or is refused (`whenExhausted`).
   *
   * Whose wait ends while a resource is being made for it does not stop that: the resource goes to the next in line, or is idle
   * for its key.
   *
   * @throws {SpillwayError} `ERR_SPILLWAY_NO_ROOM`, `ERR_SPILLWAY_QUEUE_FULL`, `ERR_SPILLWAY_TIMEOUT` (`timeoutMs`),
   *   `ERR_SPILLWAY_HOOK_FAILED`, `ERR_SPILLWAY_HOOK_INVALID`, `ERR_SPILLWAY_HOOK_TIMEOUT` (all of `create()`),
   *   `ERR_SPILLWAY_STOPPED`, `ERR_SPILLWAY_INVALID_OPTION`; or the signal's reason
   */
  async acquire(key: K, limits?: TimeLimits): Promise<Lease<R>> {
    if (this.#isClosed) throw closedError();
    const { signal, timeoutMs } = parseKeyWish(key, limits);
    signal?.throwIfAborted();
    const start = this.#stock.start(key);
    if (start === undefined) this.#checkLine();
    const ready = start === undefined ? undefined : this.#stock.takeReady(start);
    if (ready !== undefined) return this.#lend(ready);
    const patience = new Patience(signal, this.#options.clock);
    this.#patiences.add(patience);
    try {
      if (timeoutMs !== undefined) patience.limit(timeoutMs, () => new SpillwayError('ERR_SPILLWAY_TIMEOUT', `No resource could be had within ${timeoutMs} ms`));
      const request = new Request<K, Lease<R>>(key, this.#line, patience.signal);
      if (start === undefined) this.#enqueue(request);
      else this.#fill(request, start);
      return await request.result;
    } finally {
      this.#patiences.delete(patience);
      patience[Symbol.dispose]();
    }
  }

  /**
   * Gives idle resources up, the least recently used first, until so many bytes came together, and returns how many really did:
   * those whose `destroy()` has settled without failing. `'max'`: all of them. What is not measured counts as 0 bytes.
   *
   * @throws {SpillwayError} `ERR_SPILLWAY_INVALID_OPTION`, by rejecting
   */
  async trim(bytes: Bytes): Promise<number> {
    return this.#stock.trim(parseBytes('bytes', bytes, { unlimited: true }));
  }

  /**
   * As {@link trim}, and only what was not used since `idleBeforeMs`; once the signal has fired it waits no longer, and takes no
   * more. For the supervisor to call.
   */
  reclaim(bytes: number, signal: AbortSignal, idleBeforeMs?: number): Promise<number> {
    return this.#stock.trim(bytes, signal, idleBeforeMs);
  }

  /** When the least recently used idle resource was given back; `undefined` where none is idle. */
  get idleSinceMs(): number | undefined {
    return this.#stock.idleSinceMs;
  }

  get stats(): WarmPoolStats {
    const { failed, late, calls } = this.#workshop;
    return {
      ...this.#counts,
      ...this.#stock.figures,
      waiting: this.#line.size,
      failedHooks: failed,
      overdueHooks: calls.overdue,
      ended: { ...this.#stock.ended, late },
    };
  }

  /**
   * Gives all idle resources up; whoever waits is turned away with `ERR_SPILLWAY_STOPPED`, and what is being made for him is
   * destroyed. Resolves when all that is done; no hook must wait for it. Resources in use are left to their users and destroyed when
   * they come back. It may be called again.
   */
  close(): Promise<void> {
    if (!this.#isClosed) {
      this.#isClosed = true;
      for (const patience of this.#patiences) patience.end(closedError());
      this.#stock.close(closedError());
    }
    return this.#stock.settled();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** @throws ERR_SPILLWAY_NO_ROOM, ERR_SPILLWAY_QUEUE_FULL */
  #checkLine(): void {
    const { whenExhausted, maxWaiting, slots } = this.#options;
    if (whenExhausted === 'refuse') throw new SpillwayError('ERR_SPILLWAY_NO_ROOM', `All ${slots.capacity} slots (capacity) are taken`);
    if (this.#line.size < maxWaiting) return;
    throw new SpillwayError('ERR_SPILLWAY_QUEUE_FULL', `Already ${this.#line.size} wait for a slot (maxWaiting); give some back first`);
  }

  #enqueue(request: Request<K, Lease<R>>): void {
    const { clock } = this.#options;
    const sinceMs = clock.now();
    this.#counts.blocks += 1;
    request.onLeave = () => {
      this.#counts.waitMs += clock.now() - sinceMs;
    };
    this.#line.add(request);
  }

  /** After each change that may have freed a slot. */
  #serve(): void {
    for (const request of this.#line) {
      const start = this.#stock.start(request.key);
      if (start === undefined) return;
      request.leave();
      this.#fill(request, start);
    }
  }

  #fill(request: Request<K, Lease<R>>, start: Start): void {
    void this.#stock.track(this.#stock.prepare(start, request.key, () => !request.isOver).then(
      (resident) => {
        if (resident === undefined) return;
        if (request.isOver) this.#stock.putBack(resident, false);
        else request.resolve(this.#lend(resident));
      },
      (error: unknown) => {
        request.reject(error);
      },
    ));
  }

  #lend(resident: Resident<R, K>): Lease<R> {
    resident.uses += 1;
    this.#counts.leased += 1;
    this.#counts[countOf[resident.outcome]] += 1;
    return new Lease(this.#desk, resident);
  }

  #giveBack(resident: Resident<R, K>, isCorrupt: boolean): SpillwayError | undefined {
    this.#counts.leased -= 1;
    this.#stock.putBack(resident, isCorrupt);
    return this.#isClosed ? new SpillwayError('ERR_SPILLWAY_STOPPED', 'The pool was closed while this resource was in use; it was given up') : undefined;
  }
}

function closedError(): SpillwayError {
  return new SpillwayError('ERR_SPILLWAY_STOPPED', 'The pool was closed; make a new one');
}
