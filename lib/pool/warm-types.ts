import type { SpillwayError } from '../errors';

/** What `create()` is told. */
export interface CreateRequest<K> {
  readonly key: K;
  /** Fires when `hookTimeoutMs` are over and when the pool is closed: nobody waits for the result any more. It is destroyed if it comes all the same. */
  readonly signal: AbortSignal;
  /**
   * To be called when the resource has ended by itself (its process died): the pool gives it up, at once if it is idle, else
   * when it comes back. Called again, it does nothing.
   */
  readonly lost: () => void;
}

/** What `reset()` is told. */
export interface ResetRequest<K> {
  /** For whom it is to be used now, and who used it last. */
  readonly key: K;
  readonly previousKey: K;
  /** As that of `create()`. */
  readonly signal: AbortSignal;
}

/** What makes, tries and ends the resources of a pool. Each call has `hookTimeoutMs`. */
export interface ResourceHooks<R, K> {
  /** What it throws ends the `acquire()` that it was called for, and nothing else. It must not return `undefined` or `null`. */
  create(request: CreateRequest<K>): R | Promise<R>;
  /**
   * Cleans a resource that another key used, so that nothing of that key is left. Where it returns `false`, or fails, the
   * resource is destroyed and another one is made. Default: that is always done.
   */
  reset?(resource: R, request: ResetRequest<K>): unknown;
  /** Whether a resource that was idle can still be used. If not, or if it fails, another one is made. Default: it can. */
  check?(resource: R, signal: AbortSignal): boolean | Promise<boolean>;
  /**
   * What the resource uses now, in bytes: a whole number from 0 to 2^53 - 1. Asked after each use. If it fails, the resource is
   * given up. Default: nobody knows.
   */
  measure?(resource: R): number;
  /** Called once for each resource. Its slot is free when it has settled, failed or not. Default: it is left to the collector. */
  destroy?(resource: R): unknown;
}

export const endReasons = [
  /** Another key needed its slot, and there is no `reset()`, or it said that this one cannot be. */
  'stolen',
  /** Others needed the room in `maxIdleBytes`. */
  'bytes',
  /** Nobody used it for `idleTimeoutMs`. */
  'idle',
  /** `trim()` or `reclaim()` took it. */
  'trimmed',
  /** Older than `maxAgeMs`. */
  'aged',
  /** Used `maxUses` times. */
  'worn',
  /** Larger than `maxResourceBytes` when it was given back. */
  'oversize',
  /** Its user discarded it. */
  'discarded',
  /** It ended by itself. */
  'lost',
  /** `check()` refused it. */
  'unhealthy',
  /** `reset()`, `check()` or `measure()` failed. */
  'failed',
  /** `create()` gave it after its time. */
  'late',
  /** `close()` was called. */
  'closed',
] as const;

export type EndReason = (typeof endReasons)[number];

/** `leased + preparing + ending + idle` is at most `capacity`. */
export interface WarmPoolStats {
  readonly capacity: number;
  readonly leased: number;
  /** Slots whose resource is being made, reset or checked. */
  readonly preparing: number;
  /** Slots whose resource is being destroyed. */
  readonly ending: number;
  readonly idle: number;
  readonly idleBytes: number;
  /** How many wait now; how many had to, and how long all these waits took together. */
  readonly waiting: number;
  readonly blocks: number;
  readonly waitMs: number;
  /** How often a key got what it had used before, what another one had used and was reset, and what was made for it. */
  readonly hits: number;
  readonly resets: number;
  readonly creations: number;
  /** How often a hook failed: threw, returned what it must not, or took too long. */
  readonly failedHooks: number;
  /** Calls of hooks that went on after `hookTimeoutMs`, and still do: what they hold is in no other figure. */
  readonly overdueHooks: number;
  readonly ended: Readonly<Record<EndReason, number>>;
}

export interface WarmPoolEvents {
  /** A hook other than `create()` failed. The resource is given up. */
  degraded: [error: SpillwayError];
}
