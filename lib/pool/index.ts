export { SlotAllocator } from './slot-allocator';
export type { FreeOptions, SlotAllocatorOptions, TrimOptions } from './slot-options';
export type { SlotGrant, SlotOutcome, SlotStats } from './types';
