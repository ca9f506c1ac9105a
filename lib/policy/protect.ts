import { invalidOption } from '../options';
import type { Candidate, KillPolicy } from './types';

/**
 * Any policy, without the workers that `isProtected` says true for: they are left out of the ranking, so
 * Spillway never chooses them. They still count in the reasons of the others. The outermost wrapper: the
 * result does not go into `firstBy()`.
 *
 * Protect few. When those that are left do not cover the need, nobody else is chosen, and the kernel's
 * OOM killer picks among all, protected or not.
 *
 * @throws {SpillwayError} `ERR_SPILLWAY_INVALID_OPTION`
 */
export function protect(policy: KillPolicy, isProtected: (candidate: Candidate) => boolean): KillPolicy {
  const given = policy as Partial<KillPolicy> | null | undefined;
  if (typeof given?.name !== 'string' || typeof given.rank !== 'function') throw invalidOption('policy', policy, 'a policy: { name, rank }');
  if (typeof isProtected !== 'function') throw invalidOption('isProtected', isProtected, 'a function');
  return {
    name: `protect(${policy.name})`,
    rank(candidates, need) {
      const spared = new Set(candidates.filter((each) => isProtected(each)).map(({ id }) => id));
      return policy.rank(candidates, need).filter(({ id }) => !spared.has(id));
    },
  };
}
