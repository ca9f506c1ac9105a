export { byStartTime, type ByStartTimeOptions } from './by-start-time';
export { selectVictims } from './select-victims';
export type { Candidate, KillNeed, KillPolicy, Ranked } from './types';
