import { SpillwayError } from '../errors';
import { TurnClock } from '../leases/turn-clock';
import { checkKeys, parseBoolean, parseBytes, parseNumber, type Bytes } from '../options';

export interface SlotAllocatorOptions {
  /** How many slots there are. From 1 to 2^24; some 50 bytes of memory for each are taken at once. */
  capacity: number;
  /**
   * While fewer unused slots than this are warm, a key without a warm slot of its own gets a cold one; from
   * there on it gets the least recently used warm one. Default 100. From 0; it may exceed `capacity`.
   * It limits only that choice: slots freed all at once stay warm, however many they are.
   */
  maxUnusedWarmSlots?: number;
  /** The same for the resident bytes of the unused warm slots. Default `'max'`: no limit. From 0 to 2^53 - 1. */
  maxUnusedWarmBytes?: Bytes;
  /** What idle time is measured by, in milliseconds. Default `performance`, in a burst of calls read once for the turn of the event loop. */
  clock?: { now(): number };
}

export interface ParsedSlotAllocator {
  capacity: number;
  maxUnusedWarmSlots: number;
  maxUnusedWarmBytes: number;
  clock: TurnClock;
}

/** @throws ERR_SPILLWAY_INVALID_OPTION */
export function parseSlotAllocator(options: SlotAllocatorOptions): ParsedSlotAllocator {
  checkKeys('SlotAllocator', options, ['capacity', 'maxUnusedWarmSlots', 'maxUnusedWarmBytes', 'clock']);
  const { capacity, maxUnusedWarmSlots = 100, maxUnusedWarmBytes = 'max', clock } = options;
  return {
    capacity: parseNumber('capacity', capacity, { min: 1, max: 2 ** 24 }),
    maxUnusedWarmSlots: parseNumber('maxUnusedWarmSlots', maxUnusedWarmSlots, { min: 0, max: Number.MAX_SAFE_INTEGER }),
    maxUnusedWarmBytes: parseBytes('maxUnusedWarmBytes', maxUnusedWarmBytes, { unlimited: true }),
    clock: clock === undefined ? new TurnClock(performance) : TurnClock.exact(parseClock(clock)),
  };
}

function parseClock(clock: unknown): { now(): number } {
  if (typeof clock === 'object' && clock !== null && typeof (clock as Record<string, unknown>)['now'] === 'function') return clock as { now(): number };
  throw new SpillwayError('ERR_SPILLWAY_INVALID_OPTION', "Expected option 'clock' to be an object with a function now()");
}

export interface FreeOptions {
  /** What the slot keeps in memory while it is warm. Default 0. From 0 to 2^53 - 1. */
  residentBytes?: number;
  /** Whether the slot turns cold, because what it held is gone. Default false. */
  discard?: boolean;
}

/** Called with every `free()`: allocates nothing where all is well. */
export function checkFreeOptions(options: FreeOptions): void {
  if (typeof (options as unknown) !== 'object' || (options as unknown) === null) checkKeys('free()', options, []);
  for (const name in options) {
    if (name !== 'residentBytes' && name !== 'discard') checkKeys('free()', options, ['residentBytes', 'discard']);
  }
  const { residentBytes, discard } = options;
  if (residentBytes !== undefined && !(Number.isSafeInteger(residentBytes) && residentBytes >= 0)) {
    parseNumber('residentBytes', residentBytes, { min: 0, max: Number.MAX_SAFE_INTEGER });
  }
  if (discard !== undefined) parseBoolean('discard', discard);
}

/** How far to trim: exactly one of them. */
export interface TrimOptions {
  /** So many slots. From 0 to 2^53 - 1. */
  count?: number;
  /** Slots until their resident bytes come to so much. From 0 to 2^53 - 1, `'max'` for all slots. */
  bytes?: Bytes;
  /** All slots that have been unused for so long, in milliseconds. From 0 to 2^53 - 1. */
  idleMs?: number;
}

/** @throws ERR_SPILLWAY_INVALID_OPTION */
export function parseTrim(options: TrimOptions): TrimOptions & { bytes?: number } {
  checkKeys('trim()', options, ['count', 'bytes', 'idleMs']);
  const { count, bytes, idleMs } = options;
  if ([count, bytes, idleMs].filter((each) => each !== undefined).length !== 1) {
    throw new SpillwayError('ERR_SPILLWAY_INVALID_OPTION', 'Expected the options of trim() to be exactly one of count, bytes and idleMs');
  }
  if (count !== undefined) return { count: parseNumber('count', count, { min: 0, max: Number.MAX_SAFE_INTEGER }) };
  if (bytes !== undefined) return { bytes: parseBytes('bytes', bytes, { unlimited: true }) };
  return { idleMs: parseIdleMs(idleMs) };
}

/** @throws ERR_SPILLWAY_INVALID_OPTION */
export function parseIdleMs(idleMs: unknown): number {
  return parseNumber('idleMs', idleMs, { min: 0, max: Number.MAX_SAFE_INTEGER, integer: false });
}

/** Since when a slot must be unused. Where no time is asked for, the clock does not matter: it may have jumped back. */
export function idleSinceMs(idleMs: number, clock: { now(): number }): number {
  return idleMs === 0 ? Infinity : clock.now() - idleMs;
}
