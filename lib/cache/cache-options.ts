import { SpillwayError } from '../errors';
import { maxTimerMs } from '../leases/time-limits';
import { checkKeys, invalidOption, parseBytes, parseNumber, parseText, type Bytes } from '../options';
import { systemClock, type Clock } from '../clock';
import { every as everySystem, type Every } from '../every';
import type { InstanceLoader } from './types';

export interface InstanceCacheOptions<M, I> {
  loader: InstanceLoader<M, I>;
  /** For reports: 1 to 256 characters without control characters. Default `'instance cache'`. */
  name?: string;
  /** What idle instances may use together. Default 64 MiB. Those in use count nowhere: their size is known only when they come back. */
  maxIdleBytes?: Bytes;
  /** An instance that is larger when it is given back is not kept. Default a quarter of `maxIdleBytes`, which it must not exceed. */
  maxInstanceBytes?: Bytes;
  /** What compiled code may use, together with `leaseBytes`. Default 64 MiB. */
  maxModuleBytes?: Bytes;
  /** Reserved beside the code for as long as a lease lasts: what a call needs, such as its stack. Default 0. */
  leaseBytes?: Bytes;
  /**
   * Instances in use and idle together. Default 4096, from 1 to 2^20: each WebAssembly memory reserves some
   * 10 GiB of address space, and a process has room for about 12,000.
   */
  maxInstances?: number;
  /** An idle instance is given up after one to two times this, in milliseconds. Default 5000. From 1 to 2^31 - 1. */
  idleTimeoutMs?: number;
  /** How long a loader may take for one `acquire()`, in milliseconds. Default 30,000. From 1 to 2^31 - 1. */
  loadTimeoutMs?: number;
  /** How many `acquire()` may wait at one time. Default 1000. From 0 to 2^20. */
  maxWaiting?: number;
  /** The time that it all depends on; tests have their own. */
  clock?: Clock;
  /** A repeating timer; tests have their own. */
  every?: Every;
}

export type ParsedCache<M, I> = { name: string } & Required<{ [Name in Exclude<keyof InstanceCacheOptions<M, I>, 'name'>]: Exclude<InstanceCacheOptions<M, I>[Name], string | undefined> }>;

/** @throws ERR_SPILLWAY_INVALID_OPTION */
export function parseCacheOptions<M, I>(options: InstanceCacheOptions<M, I>): ParsedCache<M, I> {
  checkKeys('InstanceCache', options, [
    'loader', 'name', 'maxIdleBytes', 'maxInstanceBytes', 'maxModuleBytes', 'leaseBytes', 'maxInstances', 'idleTimeoutMs', 'loadTimeoutMs', 'maxWaiting', 'clock', 'every',
  ]);
  const { clock = systemClock, every = everySystem, leaseBytes = 0, maxInstances = 4096, idleTimeoutMs = 5000, loadTimeoutMs = 30_000, maxWaiting = 1000 } = options;
  const maxIdleBytes = parseBytes('maxIdleBytes', options.maxIdleBytes ?? '64MiB');
  const maxInstanceBytes = parseBytes('maxInstanceBytes', options.maxInstanceBytes ?? Math.floor(maxIdleBytes / 4));
  if (maxInstanceBytes > maxIdleBytes) {
    throw new SpillwayError('ERR_SPILLWAY_INVALID_OPTION', `Expected maxInstanceBytes (${maxInstanceBytes}) not to exceed maxIdleBytes (${maxIdleBytes})`);
  }
  return {
    loader: parseLoader(options.loader),
    name: parseText('name', options.name ?? 'instance cache'),
    maxIdleBytes,
    maxInstanceBytes,
    maxModuleBytes: parseBytes('maxModuleBytes', options.maxModuleBytes ?? '64MiB'),
    leaseBytes: parseBytes('leaseBytes', leaseBytes),
    maxInstances: parseNumber('maxInstances', maxInstances, { min: 1, max: 2 ** 20 }),
    idleTimeoutMs: parseNumber('idleTimeoutMs', idleTimeoutMs, { min: 1, max: maxTimerMs }),
    loadTimeoutMs: parseNumber('loadTimeoutMs', loadTimeoutMs, { min: 1, max: maxTimerMs }),
    maxWaiting: parseNumber('maxWaiting', maxWaiting, { min: 0, max: 2 ** 20 }),
    clock,
    every,
  };
}

function parseLoader<M, I>(loader: InstanceLoader<M, I>): InstanceLoader<M, I> {
  const given: unknown = loader;
  if (typeof given !== 'object' || given === null) throw invalidOption('loader', given, 'an object with functions source(), instantiate() and measure()');
  for (const name of ['source', 'instantiate', 'measure', 'destroy']) {
    const value = (given as Record<string, unknown>)[name];
    if (typeof value !== 'function' && !(name === 'destroy' && value === undefined)) throw invalidOption(`loader.${name}`, value, 'a function');
  }
  return loader;
}

export interface RemoveOptions {
  /** Only this one. Default: all signatures of the name. */
  signature?: string;
}

/** @throws ERR_SPILLWAY_INVALID_OPTION */
export function parseRemove(name: string, options: RemoveOptions): string | undefined {
  if (typeof (name as unknown) !== 'string') throw invalidOption('name', name, 'text');
  checkKeys('remove()', options, ['signature']);
  const { signature } = options;
  if (signature !== undefined && typeof (signature as unknown) !== 'string') throw invalidOption('signature', signature, 'text');
  return signature;
}
