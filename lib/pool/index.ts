export type { TimeLimits } from '../leases/time-limits';
export { Lease } from './lease';
export type { LeaseOutcome } from './resident';
export { SlotAllocator } from './slot-allocator';
export type { FreeOptions, SlotAllocatorOptions, TrimOptions } from './slot-options';
export type { SlotGrant, SlotOutcome, SlotStats } from './types';
export type { WarmPoolOptions } from './warm-options';
export { WarmPool } from './warm-pool';
export type { CreateRequest, EndReason, ResetRequest, ResourceHooks, WarmPoolEvents, WarmPoolStats } from './warm-types';
