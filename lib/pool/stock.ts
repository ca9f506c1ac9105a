import type { SpillwayError } from '../errors';
import { unlessAborted } from '../leases/unless-aborted';
import type { Ticker } from '../every';
import { hookFailed } from './hook-calls';
import { Resident } from './resident';
import { SlotAllocator } from './slot-allocator';
import type { SlotOutcome } from './types';
import type { ParsedWarmPool } from './warm-options';
import type { Workshop } from './workshop';
import { endReasons, type EndReason } from './warm-types';

/** A slot that is being made ready. */
export interface Start {
  readonly slot: number;
  readonly outcome: SlotOutcome;
}

/**
 * The resources of a pool in their slots: makes them ready, keeps idle ones within their limits, and ends them. A slot whose
 * resource is being ended is still taken, so that there are never more resources than slots.
 */
export class Stock<R, K> {
  readonly ended = Object.fromEntries(endReasons.map((reason) => [reason, 0])) as Record<EndReason, number>;
  /** Slots whose resource is being ended. */
  ending = 0;
  readonly #slots: SlotAllocator<K>;
  /** By slot. */
  readonly #residents: (Resident<R, K> | undefined)[] = [];
  /** What `close()` waits for. They never reject. */
  readonly #tasks = new Set<Promise<unknown>>();
  #ticker: Ticker | undefined;
  #isClosed = false;

  constructor(
    private readonly options: ParsedWarmPool<R, K>,
    private readonly workshop: Workshop<R, K>,
    /** A slot can be had again. */
    private readonly onFree: () => void,
  ) {
    this.#slots = new SlotAllocator(options.slots);
  }

  get figures(): { capacity: number; preparing: number; ending: number; idle: number; idleBytes: number } {
    const { capacity, starting, unusedWarm, unusedWarmBytes } = this.#slots.stats;
    return { capacity, preparing: starting, ending: this.ending, idle: unusedWarm, idleBytes: unusedWarmBytes };
  }

  /** Takes a slot: `prepare()` comes next, or `takeReady()`. */
  start(key: K): Start | undefined {
    const grant = this.#slots.start(key);
    if (grant === undefined) return undefined;
    const resident = this.#residents[grant.slot];
    if (resident !== undefined) resident.isIdle = false;
    return { slot: grant.slot, outcome: grant.outcome };
  }

  /** What the slot holds, if it can be used as it is. */
  takeReady({ slot, outcome }: Start): Resident<R, K> | undefined {
    const resident = this.#residents[slot];
    if (resident === undefined || outcome !== 'affine' || this.options.hooks.check !== undefined || this.#isAged(resident)) return undefined;
    this.#slots.started(slot);
    resident.outcome = 'hit';
    return resident;
  }

  /**
   * Resets or checks what the slot holds, or makes something new, once nobody else is at work in it. `undefined` where nobody wants
   * it any more. Whatever goes wrong, the slot is free again, and `onFree` told of it.
   *
   * @throws ERR_SPILLWAY_HOOK_FAILED, ERR_SPILLWAY_HOOK_INVALID, ERR_SPILLWAY_HOOK_TIMEOUT, all of `create()`
   */
  async prepare({ slot, outcome }: Start, key: K, isWanted: () => boolean): Promise<Resident<R, K> | undefined> {
    let resident: Resident<R, K> | undefined;
    try {
      resident = await this.#adapt(this.#residents[slot], outcome, key);
      if (resident === undefined && isWanted()) resident = await this.#create(slot, key);
      return resident;
    } finally {
      if (resident === undefined) {
        this.#slots.startFailed(slot);
        this.onFree();
      } else this.#slots.started(slot);
    }
  }

  /** Of one in use: it goes idle, or is given up. */
  putBack(resident: Resident<R, K>, isCorrupt: boolean): void {
    const reason = this.#whyGiveUp(resident, isCorrupt);
    if (reason !== undefined) void this.#retire(resident, reason);
    else this.#keep(resident);
  }

  /** Since when the least recently used idle one is idle. */
  get idleSinceMs(): number | undefined {
    return this.#slots.idleSinceMs;
  }

  /**
   * Gives up those that are idle since before that time, the least recently used first, until so many bytes came together; how many
   * did, once they are destroyed.
   */
  async trim(wantedBytes: number, signal?: AbortSignal, idleBeforeMs = Infinity): Promise<number> {
    let freedBytes = 0;
    // Again: what could not be destroyed has freed nothing.
    while (freedBytes < wantedBytes && signal?.aborted !== true) {
      const endings: Promise<void>[] = [];
      // All at once: time may be short.
      for (let plannedBytes = freedBytes; plannedBytes < wantedBytes && (this.idleSinceMs ?? Infinity) < idleBeforeMs;) {
        const evicted = this.#evictOldest('trimmed');
        if (evicted === undefined) break;
        plannedBytes += evicted.bytes;
        endings.push(evicted.ended.then((isGone) => {
          if (isGone) freedBytes += evicted.bytes;
        }));
      }
      if (endings.length === 0) break;
      const all = Promise.all(endings);
      await (signal === undefined ? all : unlessAborted(all, signal).catch(() => undefined));
    }
    return freedBytes;
  }

  /** For good: what is idle goes now, all else when it comes back. */
  close(reason: SpillwayError): void {
    this.#isClosed = true;
    this.#stopTicker();
    this.workshop.calls.stop(reason);
    while (this.#evictOldest('closed') !== undefined);
  }

  /** Resolves when nothing is being made or ended any more. */
  async settled(): Promise<void> {
    while (this.#tasks.size > 0) await Promise.all(this.#tasks);
  }

  /** What must be over before the pool is closed. It must not reject. */
  track<T>(task: Promise<T>): Promise<T> {
    this.#tasks.add(task);
    void task.then(() => this.#tasks.delete(task));
    return task;
  }

  /** The slot's resource if it can be used by this key, which it may have to be reset for; else it was ended. */
  async #adapt(resident: Resident<R, K> | undefined, outcome: SlotOutcome, key: K): Promise<Resident<R, K> | undefined> {
    if (resident === undefined) return undefined;
    const reason = this.#isAged(resident) ? 'aged' : await this.workshop.whyUnfit(resident, outcome, key);
    if (reason !== undefined) await this.#end(resident, reason);
    return reason === undefined ? resident : undefined;
  }

  async #create(slot: number, key: K): Promise<Resident<R, K>> {
    const made: { resident?: Resident<R, K>; isLost: boolean } = { isLost: false };
    const resource = await this.workshop.make(key, () => {
      made.isLost = true;
      if (made.resident !== undefined) this.#lose(made.resident);
    });
    const resident = new Resident(resource, slot, key, this.options.clock.now());
    made.resident = resident;
    this.#residents[slot] = resident;
    if (!made.isLost) return resident;
    await this.#end(resident, 'lost');
    throw hookFailed('create()', new Error('what it made was lost before it could be used'));
  }

  #lose(resident: Resident<R, K>): void {
    if (resident.isLost) return;
    resident.isLost = true;
    if (!resident.isIdle) return;
    this.#slots.discard(resident.slot);
    void this.#end(resident, 'lost');
  }

  #whyGiveUp(resident: Resident<R, K>, isCorrupt: boolean): EndReason | undefined {
    if (isCorrupt) return 'discarded';
    const bytes = this.workshop.measure(resident.resource);
    if (bytes === undefined) return 'failed';
    resident.bytes = bytes;
    // Now only: measure() may have called the pool.
    if (this.#isClosed) return 'closed';
    if (resident.isLost) return 'lost';
    if (resident.uses >= this.options.maxUses) return 'worn';
    if (this.#isAged(resident)) return 'aged';
    return resident.bytes > this.options.maxResourceBytes ? 'oversize' : undefined;
  }

  #isAged({ createdAtMs }: Resident<R, K>): boolean {
    return this.options.clock.now() - createdAtMs > this.options.maxAgeMs;
  }

  /** Others make room for it among the idle ones. */
  #keep(resident: Resident<R, K>): void {
    const { maxIdleBytes, idleTimeoutMs, every } = this.options;
    while (this.#slots.unusedWarmBytes + resident.bytes > maxIdleBytes) this.#evictOldest('bytes');
    resident.isIdle = true;
    this.#slots.free(resident.slot, { residentBytes: resident.bytes });
    this.#ticker ??= every(idleTimeoutMs, () => {
      this.#sweep();
    });
    this.onFree();
  }

  /** One that came just after a tick is old enough at the second one after it only: hence one to two periods. */
  #sweep(): void {
    while (this.#evictOldest('idle', this.options.idleTimeoutMs) !== undefined);
    if (this.#slots.idleSinceMs === undefined) this.#stopTicker();
  }

  #stopTicker(): void {
    this.#ticker?.stop();
    this.#ticker = undefined;
  }

  #evictOldest(reason: EndReason, idleMs = 0): { bytes: number; ended: Promise<boolean> } | undefined {
    const slot = this.#slots.allocOldest(idleMs);
    const resident = slot === undefined ? undefined : this.#residents[slot];
    if (resident === undefined) return undefined;
    resident.isIdle = false;
    return { bytes: resident.bytes, ended: this.#retire(resident, reason) };
  }

  /** Of a slot in use, which is free once its resource is destroyed. */
  #retire(resident: Resident<R, K>, reason: EndReason): Promise<boolean> {
    this.ending += 1;
    return this.track(this.#end(resident, reason).then((isGone) => {
      this.ending -= 1;
      this.#slots.discard(resident.slot);
      this.onFree();
      return isGone;
    }));
  }

  /** Whether it could be destroyed. Never rejects. */
  #end(resident: Resident<R, K>, reason: EndReason): Promise<boolean> {
    this.#residents[resident.slot] = undefined;
    this.ended[reason] += 1;
    return this.track(this.workshop.destroy(resident.resource));
  }
}
