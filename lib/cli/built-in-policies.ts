import { byStartTime } from '../policy/by-start-time';
import type { KillPolicy } from '../policy/types';

/** The policies that `spillway replay --policy` knows by name, each with its defaults. */
export const builtInPolicies: ReadonlyMap<string, () => KillPolicy> = new Map([['byStartTime', () => byStartTime()]]);
