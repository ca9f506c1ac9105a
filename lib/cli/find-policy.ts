import { quote } from '../options';
import { isPolicy } from '../policy/is-policy';
import type { KillPolicy } from '../policy/types';
import { builtInPolicies } from './built-in-policies';
import type { Inputs } from './inputs';
import { UsageError } from './outcome';

/**
 * A policy by its name, or of a module: what it exports, or exports as `default`, is the policy itself. A module has
 * a slash in its path, so that a misspelled name is not taken for one.
 *
 * @throws UsageError
 */
export function findPolicy(name: string, inputs: Pick<Inputs, 'load'>): KillPolicy {
  const make = builtInPolicies.get(name);
  if (make !== undefined) return make();
  if (!name.includes('/')) throw new UsageError(`there is no policy ${quote(name)}; known are ${[...builtInPolicies.keys()].join(', ')}, or a module such as ./my-policy.js`);
  const loaded = load(name, inputs);
  const policy = isPolicy(loaded) ? loaded : (loaded as { default?: unknown } | null | undefined)?.default;
  if (!isPolicy(policy)) throw new UsageError(`${quote(name)} exports no policy: an object with a name and a rank function`);
  return policy;
}

function load(path: string, inputs: Pick<Inputs, 'load'>): unknown {
  try {
    return inputs.load(path);
  } catch (error) {
    throw new UsageError(`could not load the policy ${quote(path)}: ${String(error)}`, { cause: error });
  }
}
