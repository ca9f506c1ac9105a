import { SpillwayError } from '../errors';
import { maxTimerMs, parseTimeLimits, type ParsedTimeLimits, type TimeLimits } from '../leases/time-limits';
import { checkKeys, invalidOption, parseBytes, parseNumber, parseOneOf, parseText, type Bytes } from '../options';
import { systemClock, type Clock } from '../clock';
import { every as everySystem, type Every } from '../every';
import type { SlotAllocatorOptions } from './slot-options';
import type { ResourceHooks } from './warm-types';

export interface WarmPoolOptions<R, K> extends ResourceHooks<R, K>, Pick<SlotAllocatorOptions, 'maxUnusedWarmSlots' | 'maxUnusedWarmBytes'> {
  /** How many resources there are at most, those that are being made and destroyed included. From 1 to 2^24. */
  capacity: number;
  /** For reports of the supervisor: 1 to 256 characters without control characters. Default `'warm pool'`. */
  name?: string;
  /** What `acquire()` does when all slots are taken: waits for one, or is refused with `ERR_SPILLWAY_NO_ROOM`. Default `'wait'`. */
  whenExhausted?: 'wait' | 'refuse';
  /** How many `acquire()` may wait at one time. Default 1000. From 0 to 2^20. */
  maxWaiting?: number;
  /** What idle resources may use together, as `measure()` says: the least recently used ones make room. Default `'max'`: no limit. */
  maxIdleBytes?: Bytes;
  /** A resource that is larger when it is given back is not kept. Default `maxIdleBytes`, which it must not exceed. */
  maxResourceBytes?: Bytes;
  /** An idle resource is given up after one to two times this, in milliseconds. Default 60,000. From 1 to 2^31 - 1. */
  idleTimeoutMs?: number;
  /** A resource that is older, in milliseconds, is not used again. Default `Infinity`. From 1. */
  maxAgeMs?: number;
  /** How often a resource is used. Default `Infinity`. From 1. */
  maxUses?: number;
  /** How long one call of a hook may take, in milliseconds. Default 30,000. From 1 to 2^31 - 1. What takes longer holds its slot no more. */
  hookTimeoutMs?: number;
  /** The time that it all depends on; tests have their own. */
  clock?: Clock;
  /** A repeating timer; tests have their own. */
  every?: Every;
}

export interface ParsedWarmPool<R, K> {
  hooks: ResourceHooks<R, K>;
  name: string;
  whenExhausted: 'wait' | 'refuse';
  maxWaiting: number;
  maxIdleBytes: number;
  maxResourceBytes: number;
  idleTimeoutMs: number;
  maxAgeMs: number;
  maxUses: number;
  hookTimeoutMs: number;
  clock: Clock;
  every: Every;
  slots: SlotAllocatorOptions;
}

const hookNames = ['create', 'reset', 'check', 'measure', 'destroy'] as const;
/** All but the hooks. */
export const limitNames = [
  'capacity', 'maxUnusedWarmSlots', 'maxUnusedWarmBytes', 'name', 'whenExhausted', 'maxWaiting', 'maxIdleBytes', 'maxResourceBytes',
  'idleTimeoutMs', 'maxAgeMs', 'maxUses', 'hookTimeoutMs', 'clock', 'every',
];

/** The options of `slots` are left to the allocator to check. @throws ERR_SPILLWAY_INVALID_OPTION */
export function parseWarmPool<R, K>(options: WarmPoolOptions<R, K>): ParsedWarmPool<R, K> {
  checkKeys('WarmPool', options, [...hookNames, ...limitNames]);
  const { name = 'warm pool', whenExhausted = 'wait', maxWaiting = 1000, idleTimeoutMs = 60_000, maxAgeMs = Infinity, maxUses = Infinity } = options;
  const { hookTimeoutMs = 30_000, clock = systemClock, every = everySystem, capacity, maxUnusedWarmSlots, maxUnusedWarmBytes } = options;
  // Beyond it sums of bytes are no longer exact.
  const maxIdleBytes = Math.min(parseBytes('maxIdleBytes', options.maxIdleBytes ?? 'max', { unlimited: true }), Number.MAX_SAFE_INTEGER);
  const maxResourceBytes = parseBytes('maxResourceBytes', options.maxResourceBytes ?? maxIdleBytes);
  if (maxResourceBytes > maxIdleBytes) {
    throw new SpillwayError('ERR_SPILLWAY_INVALID_OPTION', `Expected maxResourceBytes (${maxResourceBytes}) not to exceed maxIdleBytes (${maxIdleBytes})`);
  }
  return {
    hooks: parseHooks(options),
    name: parseText('name', name),
    whenExhausted: parseOneOf('whenExhausted', whenExhausted, ['wait', 'refuse']),
    maxWaiting: parseNumber('maxWaiting', maxWaiting, { min: 0, max: 2 ** 20 }),
    maxIdleBytes,
    maxResourceBytes,
    idleTimeoutMs: parseNumber('idleTimeoutMs', idleTimeoutMs, { min: 1, max: maxTimerMs }),
    maxAgeMs: parseNumber('maxAgeMs', maxAgeMs, { min: 1, max: Infinity, integer: false }),
    maxUses: parseNumber('maxUses', maxUses, { min: 1, max: Infinity, integer: false }),
    hookTimeoutMs: parseNumber('hookTimeoutMs', hookTimeoutMs, { min: 1, max: maxTimerMs }),
    clock,
    every,
    slots: {
      capacity, clock, ...(maxUnusedWarmSlots !== undefined && { maxUnusedWarmSlots }), ...(maxUnusedWarmBytes !== undefined && { maxUnusedWarmBytes }),
    },
  };
}

function parseHooks<R, K>(options: WarmPoolOptions<R, K>): ResourceHooks<R, K> {
  for (const name of hookNames) {
    const hook = (options as unknown as Record<string, unknown>)[name];
    if (typeof hook !== 'function' && !(name !== 'create' && hook === undefined)) throw invalidOption(name, hook, 'a function');
  }
  // Called as methods of it.
  return options;
}

const noLimits: TimeLimits = {};

/** @throws ERR_SPILLWAY_INVALID_OPTION */
export function parseKeyWish(key: unknown, limits: TimeLimits = noLimits): ParsedTimeLimits {
  if (key === undefined) throw invalidOption('key', key, 'any other value: one and the same where all resources are alike');
  if (limits !== noLimits) checkKeys('acquire()', limits, ['signal', 'timeoutMs']);
  return parseTimeLimits(limits);
}
