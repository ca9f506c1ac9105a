import { SpillwayError } from '../../errors';
import { checkKeys, parseNumber } from '../../options';
import { leaveAt } from './level';

/** Where something is done before the mark, as fractions of it: above 0, at most 1. */
export interface RoomLevels {
  /** From here on idle memory is given back. Default 0.9. */
  reclaimAt: number;
  /** From here on no work is let in, and spawns are slowed. Default 0.95; not below `reclaimAt`. */
  slowAt: number;
  /** From here on workers that asked for it are told to shed memory. Default 0.95. */
  warnAt: number;
}

export interface RoomOptions {
  levels?: Partial<RoomLevels>;
  /**
   * How often the pool is measured, in milliseconds. Default 250. From 10 to 1000: the memory of work that
   * was let in must show in a measurement before it is no longer counted as promised, which is after a second.
   */
  intervalMs?: number;
  /** How long a spawn is held up at most while the pool is full, in milliseconds. Default 1000. From 0 (never) to 60,000. */
  maxSpawnDelayMs?: number;
}

export interface ParsedRoom {
  levels: RoomLevels;
  intervalMs: number;
  maxSpawnDelayMs: number;
}

/** @throws ERR_SPILLWAY_INVALID_OPTION */
export function parseRoomOptions(options: RoomOptions): ParsedRoom {
  checkKeys('the room', options, ['levels', 'intervalMs', 'maxSpawnDelayMs']);
  const { levels = {}, intervalMs = 250, maxSpawnDelayMs = 1000 } = options;
  return {
    levels: parseLevels(levels),
    intervalMs: parseNumber('roomMs', intervalMs, { min: 10, max: 1000 }),
    maxSpawnDelayMs: parseNumber('maxSpawnDelayMs', maxSpawnDelayMs, { min: 0, max: 60_000 }),
  };
}

/** From which fraction of the mark on what is pinned must be known exactly, and all that is charged no longer will do. */
export function exactFrom({ reclaimAt, slowAt, warnAt }: RoomLevels): number {
  return Math.min(reclaimAt, leaveAt(slowAt), leaveAt(warnAt));
}

function parseLevels(levels: Partial<RoomLevels>): RoomLevels {
  checkKeys('levels', levels, ['reclaimAt', 'slowAt', 'warnAt']);
  const { reclaimAt = 0.9, slowAt = 0.95, warnAt = 0.95 } = levels;
  const fraction = (name: string, value: unknown): number => parseNumber(`levels.${name}`, value, { min: Number.MIN_VALUE, max: 1, integer: false });
  const parsed = { reclaimAt: fraction('reclaimAt', reclaimAt), slowAt: fraction('slowAt', slowAt), warnAt: fraction('warnAt', warnAt) };
  if (parsed.slowAt < parsed.reclaimAt) {
    throw new SpillwayError('ERR_SPILLWAY_INVALID_OPTION', `Expected levels.slowAt (${parsed.slowAt}) not to be below levels.reclaimAt (${parsed.reclaimAt})`);
  }
  return parsed;
}
