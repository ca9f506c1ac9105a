import type { KillPolicy } from './types';

/** Whether it has what every policy has; what `rank` returns is seen when it is asked. */
export function isPolicy(value: unknown): value is KillPolicy {
  const { name, rank } = (value ?? {}) as Partial<KillPolicy>;
  return typeof name === 'string' && typeof rank === 'function';
}
