export { byStartTime, type ByStartTimeOptions } from './by-start-time';
export type { Criterion, Order, OrderPolicy } from './order';
export { selectVictims } from './select-victims';
export type { Candidate, KillNeed, KillPolicy, Ranked } from './types';
