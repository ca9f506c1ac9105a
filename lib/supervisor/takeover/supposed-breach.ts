import type { EventBreach } from '../../monitor/types';

/** A shortage that no monitor has told of: none yet, or the native thread has answered it already. */
export function supposedBreach(facts: Pick<EventBreach, 'cgroup' | 'reason' | 'detectedAtMs' | 'usage' | 'limits' | 'takenOver'>): EventBreach {
  const none = { low: 0, high: 0, max: 0, oom: 0, oom_kill: 0, oom_group_kill: 0 };
  return { source: 'event', sequence: 0, short: true, counters: none, delta: none, ...facts };
}
