import { byOwner, byPriority, byStartTime, largestFirst, newestFirst, oldestFirst, overBoundFirst, type KillPolicy } from '../policy/index';

/** The policies that `spillway replay --policy` knows by name, each with its defaults. */
export const builtInPolicies: ReadonlyMap<string, () => KillPolicy> = new Map<string, () => KillPolicy>([
  ['byStartTime', () => byStartTime()],
  ['byOwner', () => byOwner()],
  ['newestFirst', newestFirst],
  ['oldestFirst', oldestFirst],
  ['largestFirst', largestFirst],
  ['byPriority', byPriority],
  ['overBoundFirst', overBoundFirst],
]);
