import type { SpillwayError } from '../errors';

/** Which code is wanted. Groups share it. */
export interface CodeRequest {
  readonly name: string;
  readonly signature: string;
  /** Fires when nobody waits for the result any more: it is thrown away then. */
  readonly signal: AbortSignal;
}

export interface InstanceRequest extends CodeRequest {
  readonly group: string;
}

/** Code that was found, and is not compiled yet. */
export interface CodeSource<M> {
  /** What the compiled code will use. It is reserved before `compile()` is called. From 0 to 2^53 - 1. */
  readonly bytes: number;
  compile(signal: AbortSignal): M | Promise<M>;
}

/**
 * Makes modules (compiled code `M`, shared by its instances) and instances (`I`). What it throws ends the
 * `acquire()` that asked, and nothing else; so does an answer that is late.
 */
export interface InstanceLoader<M, I> {
  source(request: CodeRequest): CodeSource<M> | Promise<CodeSource<M>>;
  instantiate(module: M, request: InstanceRequest): I | Promise<I>;
  /** What the instance uses now, the module not included: a whole number from 0 to 2^53 - 1. Asked once it is made, and after each use. */
  measure(instance: I): number;
  /** Called once for each instance that is given up. Default: it is left to the collector. */
  destroy?(instance: I): void;
}

export const evictionReasons = [
  /** Others needed the room among the idle ones. */
  'bytes',
  /** Nobody used it for `idleTimeoutMs`. */
  'idle',
  /** `trim()` took it. */
  'trimmed',
  /** Room was needed for code. */
  'code',
  /** There were `maxInstances`. */
  'count',
  /** Larger than `maxInstanceBytes` when it was given back. */
  'oversize',
  /** Its user discarded it. */
  'discarded',
  /** The loader could not measure it any more. */
  'unmeasurable',
  /** `remove()` was called for it. */
  'removed',
  /** `close()` was called. */
  'closed',
] as const;

export type EvictionReason = (typeof evictionReasons)[number];

export interface CacheStats {
  /** How often an instance was found, and how often one had to be made (a failure included). */
  readonly hits: number;
  readonly misses: number;
  /** How often one had to wait, because somebody else had the instance; how long all these waits took together. */
  readonly blocks: number;
  readonly waitMs: number;
  /** How many wait now. */
  readonly waiting: number;
  readonly leased: number;
  readonly idle: number;
  readonly idleBytes: number;
  readonly modules: number;
  /** Compiled code, and what each lease reserves. */
  readonly moduleBytes: number;
  /** Given up by the cache, and not yet by the collector: instances and code. */
  readonly uncollectedBytes: number;
  /** How often there was no room for code or for a lease, and how often a loader failed. */
  readonly failedReservations: number;
  readonly failedLoads: number;
  readonly evictions: Readonly<Record<EvictionReason, number>>;
}

export interface InstanceCacheEvents {
  /** The loader failed where nobody waits for it: in `measure()` after a use, or in `destroy()`. The instance is given up. */
  degraded: [error: SpillwayError];
}
