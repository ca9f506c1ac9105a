import { SpillwayError } from '../../errors';
import type { LimitScope } from '../containment/types';

/** What is told when a cgroup goes that Spillway has not removed. */
export function scopeRemoved({ level, id, monitor }: LimitScope): SpillwayError {
  const which = level === 'pool' ? 'the pool' : `the ${level} ${id ?? ''}`;
  return new SpillwayError('ERR_SPILLWAY_CGROUP_NOT_FOUND', `Somebody has removed the cgroup of ${which}; its limit is not watched any more (${monitor.state})`);
}
