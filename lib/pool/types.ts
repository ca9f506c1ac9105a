/** Which of the three rules chose a slot. */
export type SlotOutcome =
  /** Last used by the same key: warm, and nothing to reset. */
  | 'affine'
  /** Holds nothing: it must be started. */
  | 'cold'
  /** Warm, and last used by another key or by none: reset it or start it anew before it is used. */
  | 'steal';

/**
 * What `alloc()` gives. Each slot has one such object, which holds until the slot is given out again:
 * `alloc()` and `free()` allocate nothing. Copy what is to be kept for longer.
 */
export interface SlotGrant<K> {
  readonly slot: number;
  readonly outcome: SlotOutcome;
  /** Who used it last: the same key where it is affine; `undefined` where it is cold, or nobody's. */
  readonly previousKey: K | undefined;
}

/** `inUse + starting + unusedWarm` is `touched`; the other slots are cold. */
export interface SlotStats {
  readonly capacity: number;
  readonly inUse: number;
  readonly starting: number;
  readonly unusedWarm: number;
  /** Resident bytes of the unused warm slots, as `free()` was told. */
  readonly unusedWarmBytes: number;
  /** Slots that are not cold. */
  readonly touched: number;
  /** How often `alloc()` and `start()` gave a slot by each rule, and how often there was none. */
  readonly affine: number;
  readonly cold: number;
  readonly steal: number;
  readonly exhausted: number;
  /** How many slots turned cold because they were discarded, a start that failed included. */
  readonly discarded: number;
  /** How many slots turned cold by `trim()`. */
  readonly trimmed: number;
}
