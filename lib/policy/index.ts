export { byOwner, type ByOwnerOptions } from './by-owner';
export { byPriority } from './by-priority';
export { byStartTime, type ByStartTimeOptions } from './by-start-time';
export { largestFirst } from './largest-first';
export { newestFirst } from './newest-first';
export { oldestFirst } from './oldest-first';
export type { Criterion, Order, OrderPolicy } from './order';
export { selectVictims } from './select-victims';
export type { Candidate, KillNeed, KillPolicy, Ranked } from './types';
