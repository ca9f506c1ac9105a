import { SpillwayError } from '../errors';
import { systemClock } from '../clock';
import type { Ticker } from '../every';
import { TurnClock } from '../leases/turn-clock';
import type { ParsedCache } from './cache-options';
import { CodeShelf } from './code-shelf';
import type { Held } from './held';
import { IdleList } from './idle-list';
import { loaderFailed } from './loader-call';
import type { Seats } from './seat';
import { evictionReasons, type EvictionReason } from './types';
import { Uncollected } from './uncollected';

/** What the cache has: idle instances, code, and how many instances there are. Keeps them within their limits. */
export class Inventory<M, I> {
  readonly idle = new IdleList<M, I>();
  readonly uncollected = new Uncollected();
  readonly code: CodeShelf<M, I>;
  readonly evictions = Object.fromEntries(evictionReasons.map((reason) => [reason, 0])) as Record<EvictionReason, number>;
  /** Idle, in use, or being made. */
  #instances = 0;
  /** Given up, and not destroyed yet: first the totals are right, then the loader is called, which may call the cache. */
  readonly #doomed: { instance: I }[] = [];
  #ticker: Ticker | undefined;
  /** How many times the ticker has called. */
  #period = 0;
  readonly #stamps: TurnClock;

  constructor(
    private readonly options: ParsedCache<M, I>,
    private readonly seats: Seats<M, I>,
    private readonly onDegraded: (error: SpillwayError) => void,
  ) {
    this.code = new CodeShelf(options.loader, options.maxModuleBytes, () => this.evictCode() > 0, this.uncollected);
    this.#stamps = options.clock === systemClock ? new TurnClock(systemClock) : TurnClock.exact(options.clock);
  }

  /**
   * Before one is made; {@link giveUp} or {@link cancel} end it.
   *
   * @throws ERR_SPILLWAY_NO_ROOM
   */
  countNew(): void {
    const { maxInstances } = this.options;
    if (this.#instances >= maxInstances) {
      if (this.idle.first === undefined) throw new SpillwayError('ERR_SPILLWAY_NO_ROOM', `All ${maxInstances} instances (maxInstances) are in use`);
      this.evict(this.idle.first, 'count');
    }
    this.#instances += 1;
  }

  /** It was not made after all. */
  cancel(): void {
    this.#instances -= 1;
  }

  /** An idle one goes into use. */
  take(held: Held<M, I>): void {
    this.idle.remove(held);
    this.code.idleToUse(held.code);
  }

  /** One in use goes idle; others make room. */
  keep(held: Held<M, I>): void {
    const { maxIdleBytes, every, idleTimeoutMs } = this.options;
    while (this.idle.first !== undefined && this.idle.bytes + held.bytes > maxIdleBytes) this.evict(this.idle.first, 'bytes');
    held.idleSinceMs = this.#stamps.now();
    held.idleSincePeriod = this.#period;
    this.idle.append(held);
    this.code.useToIdle(held.code);
    this.#ticker ??= every(idleTimeoutMs, () => {
      this.#sweep();
    });
  }

  /** Of one that is idle. */
  evict(held: Held<M, I>, reason: EvictionReason): void {
    this.idle.remove(held);
    held.seat.held = undefined;
    this.seats.delete(held.seat);
    this.code.dropIdle(held.code);
    this.giveUp(held.instance, held.bytes, reason);
  }

  evictAll(reason: EvictionReason): void {
    while (this.idle.first !== undefined) this.evict(this.idle.first, reason);
  }

  /** Bytes that went: of instances that are idle since before that time, and of code that lost its last one. */
  trim(wantedBytes: number, idleBeforeMs = Infinity): number {
    const before = this.idle.bytes + this.code.bytes;
    const given = (): number => before - this.idle.bytes - this.code.bytes;
    while (this.idle.first !== undefined && this.idle.first.idleSinceMs < idleBeforeMs && given() < wantedBytes) this.evict(this.idle.first, 'trimmed');
    return given();
  }

  /** Bytes of code that went. Passes over instances whose code is in use elsewhere. */
  evictCode(): number {
    const before = this.code.bytes;
    for (let held = this.idle.first; held !== undefined && this.code.bytes === before;) {
      const { next } = held;
      if (held.code.pins === 0) this.evict(held, 'code');
      held = next;
    }
    return before - this.code.bytes;
  }

  /** Of one that is in no list. */
  giveUp(instance: I, bytes: number, reason: EvictionReason): void {
    this.#instances -= 1;
    this.evictions[reason] += 1;
    this.doom(instance, bytes);
  }

  doom(instance: I, bytes: number): void {
    this.uncollected.add(instance, bytes);
    this.#doomed.push({ instance });
  }

  /** After every change. Never throws. */
  destroyDoomed(): void {
    // Asked at every step, and nearly always empty: `shift()` alone would cost more than all of the step.
    while (this.#doomed.length > 0) {
      const doomed = this.#doomed.shift();
      try {
        if (doomed !== undefined) this.options.loader.destroy?.(doomed.instance);
      } catch (error) {
        this.onDegraded(loaderFailed('destroy()', error));
      }
    }
  }

  stop(): void {
    this.#ticker?.stop();
    this.#ticker = undefined;
  }

  /** The first tick after one came may follow at once; at the second one it was idle for a whole period: hence one to two. */
  #sweep(): void {
    this.#period += 1;
    while (this.idle.first !== undefined && this.idle.first.idleSincePeriod < this.#period - 1) this.evict(this.idle.first, 'idle');
    if (this.idle.first === undefined) this.stop();
    this.destroyDoomed();
  }
}
