import { Affinity } from './affinity';
import { ColdSlots } from './cold-slots';
import { IndexLists, none } from './index-lists';
import { tooManyBytes } from './slot-errors';
import { checkFreeOptions, idleSinceMs, parseSlotAllocator, parseIdleMs, parseTrim, type FreeOptions, type ParsedSlotAllocator, type SlotAllocatorOptions, type TrimOptions } from './slot-options';
import { cold, inUse, SlotStates, starting, unused } from './slot-states';
import type { SlotGrant, SlotOutcome, SlotStats } from './types';

/** The only list of all unused warm slots, the least recently used one first. */
const warmList = 0;

type Mutable<T> = { -readonly [Name in keyof T]: T[Name] };

/**
 * Chooses which slot a key gets, so that what is warm is found again and no more stays warm than is
 * worth it. It holds no resources, it only counts them: slot numbers are places in an array of yours.
 *
 * The rule is that of Wasmtime's pooling allocator (bytecodealliance/wasmtime#5661), and the choices are the same:
 * 1. the warm slot that this key used last;
 * 2. else a cold one, the lowest, while few unused slots are warm, or the least recently used warm one where none is cold;
 * 3. else the least recently used warm one.
 *
 * Beside it: a limit in bytes, slots that start and may fail to, slots that turn cold again, and a purge
 * that reaches slots in use. Every step is O(1), and gives the same result for the same calls.
 */
export class SlotAllocator<K = unknown> {
  readonly #options: ParsedSlotAllocator;
  readonly #states: SlotStates;
  readonly #residentBytes: Float64Array;
  readonly #freedAtMs: Float64Array;
  readonly #warm: IndexLists;
  readonly #cold: ColdSlots;
  readonly #affinity: Affinity<K>;
  /** By slot. Made when the slot is first taken. */
  readonly #grants: Mutable<SlotGrant<K>>[] = [];
  readonly #counts = { inUse: 0, starting: 0, unusedWarm: 0, unusedWarmBytes: 0, affine: 0, cold: 0, steal: 0, exhausted: 0, discarded: 0, trimmed: 0 };

  /** @throws {SpillwayError} `ERR_SPILLWAY_INVALID_OPTION` */
  constructor(options: SlotAllocatorOptions) {
    this.#options = parseSlotAllocator(options);
    const { capacity } = this.#options;
    this.#states = new SlotStates(capacity);
    this.#residentBytes = new Float64Array(capacity);
    this.#freedAtMs = new Float64Array(capacity);
    this.#warm = new IndexLists(capacity, 1);
    this.#cold = new ColdSlots(capacity);
    this.#affinity = new Affinity(capacity);
  }

  /** Takes a slot for a key, compared as in a `Map`, or for none. `undefined`: all slots are in use. */
  alloc(key?: K): SlotGrant<K> | undefined {
    const grant = this.#take(key);
    if (grant !== undefined) this.#hold(grant.slot, inUse);
    return grant;
  }

  /** As {@link alloc}, for a slot that is not ready at once: it cannot be freed until `started()` or `startFailed()` was called. */
  start(key?: K): SlotGrant<K> | undefined {
    const grant = this.#take(key);
    if (grant !== undefined) this.#hold(grant.slot, starting);
    return grant;
  }

  /**
   * The slot is in use from now on.
   *
   * @throws {SpillwayError} `ERR_SPILLWAY_UNKNOWN_SLOT`, `ERR_SPILLWAY_SLOT_STARTED`, `ERR_SPILLWAY_SLOT_NOT_IN_USE`
   */
  started(slot: number): void {
    this.#states.checkStarting(slot);
    this.#counts.starting -= 1;
    this.#hold(slot, inUse);
  }

  /**
   * The slot could not be made ready: it is cold from now on, whatever it held before.
   *
   * @throws {SpillwayError} as {@link started}
   */
  startFailed(slot: number): void {
    this.#states.checkStarting(slot);
    this.#counts.starting -= 1;
    this.#counts.discarded += 1;
    this.#turnCold(slot);
  }

  /**
   * Takes the warm slot that this key used last, and only such a one; freed, it belongs to no key. Repeated until it gives
   * `undefined`, it takes one after the other all that is left of a key, to clear it.
   */
  allocAffineAndClearAffinity(key: K): number | undefined {
    return this.#takeForNobody(this.#affinity.latest(key));
  }

  /**
   * Takes the unused warm slot that was used least recently, if it was unused for so long; freed, it belongs to no key. For one
   * that is to be ended: until `discard()` turns it cold, nobody else gets it.
   *
   * @throws {SpillwayError} `ERR_SPILLWAY_INVALID_OPTION`
   */
  allocOldest(idleMs = 0): number | undefined {
    return this.#takeForNobody(this.#oldest(idleSinceMs(parseIdleMs(idleMs), this.#options.clock)));
  }

  /**
   * Gives a slot back. It stays warm, and its key finds it again.
   *
   * @throws {SpillwayError} `ERR_SPILLWAY_UNKNOWN_SLOT`, `ERR_SPILLWAY_SLOT_NOT_IN_USE`, `ERR_SPILLWAY_SLOT_STARTING`, `ERR_SPILLWAY_INVALID_OPTION`; nothing has changed then
   */
  free(slot: number, options?: FreeOptions): void {
    this.#states.checkInUse(slot);
    if (options !== undefined) checkFreeOptions(options);
    if (options?.discard === true) {
      this.discard(slot);
      return;
    }
    const counts = this.#counts;
    const residentBytes = options?.residentBytes ?? 0;
    if (counts.unusedWarmBytes + residentBytes > Number.MAX_SAFE_INTEGER) throw tooManyBytes(residentBytes);
    this.#options.clock.stamp(this.#freedAtMs, slot); // before anything changes: the clock may be anybody's
    counts.inUse -= 1;
    counts.unusedWarm += 1;
    counts.unusedWarmBytes += residentBytes;
    this.#states.set(slot, unused);
    this.#residentBytes[slot] = residentBytes;
    this.#warm.append(warmList, slot);
    this.#affinity.shelve(slot);
  }

  /**
   * What the slot held is gone: it is cold from now on. For one in use, and for an unused warm one (its process died).
   *
   * @throws {SpillwayError} `ERR_SPILLWAY_UNKNOWN_SLOT`, `ERR_SPILLWAY_SLOT_NOT_IN_USE` where it is cold, `ERR_SPILLWAY_SLOT_STARTING`
   */
  discard(slot: number): void {
    if (this.#states.checkWarm(slot)) this.#unshelve(slot);
    else this.#counts.inUse -= 1;
    this.#counts.discarded += 1;
    this.#turnCold(slot);
  }

  /**
   * No slot belongs to the key any more: neither those that are unused, which stay warm and are returned, nor those in use or
   * starting, which will be nobody's when they are freed. O(slots returned).
   */
  purge(key: K): number[] {
    return this.#affinity.purge(key);
  }

  /**
   * Turns unused warm slots cold, the least recently used first, and returns them: what they hold is to be ended. O(slots returned).
   *
   * @throws {SpillwayError} `ERR_SPILLWAY_INVALID_OPTION`
   */
  trim(options: TrimOptions): number[] {
    const { count = Infinity, bytes = Infinity, idleMs = 0 } = parseTrim(options);
    const sinceMs = idleSinceMs(idleMs, this.#options.clock);
    const slots: number[] = [];
    let trimmedBytes = 0;
    for (let slot = this.#oldest(sinceMs); slot !== none && slots.length < count && trimmedBytes < bytes; slot = this.#oldest(sinceMs)) {
      trimmedBytes += this.#residentBytes[slot] ?? 0;
      this.#unshelve(slot);
      this.#turnCold(slot);
      slots.push(slot);
    }
    this.#counts.trimmed += slots.length;
    return slots;
  }

  /** Since when the least recently used of the unused warm slots is unused; `undefined` where there is none. */
  get idleSinceMs(): number | undefined {
    const slot = this.#warm.first(warmList);
    return slot === none ? undefined : this.#freedAtMs[slot];
  }

  /** As in `stats`, which is a copy of all. */
  get unusedWarmBytes(): number {
    return this.#counts.unusedWarmBytes;
  }

  get stats(): SlotStats {
    const { capacity } = this.#options;
    return { ...this.#counts, capacity, touched: this.#counts.inUse + this.#counts.starting + this.#counts.unusedWarm };
  }

  #take(key: K | undefined): SlotGrant<K> | undefined {
    const counts = this.#counts;
    let slot = key === undefined ? none : this.#affinity.latest(key);
    if (slot !== none) {
      counts.affine += 1;
      return this.#claim(slot, 'affine', key);
    }
    const oldest = this.#warm.first(warmList);
    if (oldest === none || this.#isBelowLimits()) slot = this.#cold.take();
    if (slot !== none) {
      counts.cold += 1;
      this.#affinity.assign(slot, key);
      return this.#grant(slot, 'cold', undefined);
    }
    if (oldest !== none) {
      counts.steal += 1;
      return this.#claim(oldest, 'steal', key);
    }
    counts.exhausted += 1;
    return undefined;
  }

  /** The least recently used unused one, if it is unused since then; else `none`. */
  #oldest(sinceMs: number): number {
    const slot = this.#warm.first(warmList);
    return slot !== none && (this.#freedAtMs[slot] ?? 0) > sinceMs ? none : slot;
  }

  #takeForNobody(slot: number): number | undefined {
    if (slot === none) return undefined;
    this.#unshelve(slot);
    this.#affinity.leave(slot);
    this.#hold(slot, inUse);
    return slot;
  }

  #isBelowLimits(): boolean {
    return this.#counts.unusedWarm < this.#options.maxUnusedWarmSlots && this.#counts.unusedWarmBytes < this.#options.maxUnusedWarmBytes;
  }

  #claim(slot: number, outcome: SlotOutcome, key: K | undefined): SlotGrant<K> {
    const previousKey = this.#affinity.keyOf(slot);
    this.#unshelve(slot);
    this.#affinity.assign(slot, key);
    return this.#grant(slot, outcome, previousKey);
  }

  #grant(slot: number, outcome: SlotOutcome, previousKey: K | undefined): SlotGrant<K> {
    const grant = this.#grants[slot];
    // Slots are touched from 0 on, so that this one comes at the end.
    if (grant === undefined) return (this.#grants[slot] = { slot, outcome, previousKey });
    grant.outcome = outcome;
    grant.previousKey = previousKey;
    return grant;
  }

  #hold(slot: number, state: typeof inUse | typeof starting): void {
    this.#states.set(slot, state);
    this.#counts[state === inUse ? 'inUse' : 'starting'] += 1;
  }

  #unshelve(slot: number): void {
    this.#warm.remove(warmList, slot);
    this.#affinity.unshelve(slot);
    this.#counts.unusedWarm -= 1;
    this.#counts.unusedWarmBytes -= this.#residentBytes[slot] ?? 0;
  }

  #turnCold(slot: number): void {
    this.#affinity.leave(slot);
    this.#states.set(slot, cold);
    this.#cold.add(slot);
  }
}
