import { takenOver } from '../../monitor/taken-over';
import type { EventBreach } from '../../monitor/types';
import type { LimitScope } from '../containment/types';
import { supposedBreach } from './supposed-breach';

/** The shortage that the native thread has killed for and nobody has told of; `undefined` when there is none. */
export function untoldBreach({ takeover, gauge }: Pick<LimitScope, 'takeover' | 'gauge'>): EventBreach | undefined {
  const kills = takeover?.untold() ?? [];
  const [first] = kills;
  if (takeover === undefined || first === undefined) return undefined;
  const { usage, limits, noticedAtMs } = first;
  const { cgroup } = takeover;
  return supposedBreach({
    cgroup,
    reason: `${cgroup} was ${takenOver(kills.length)}`,
    detectedAtMs: noticedAtMs,
    usage: gauge.judge(usage, limits, true)?.usage ?? usage,
    limits,
    takenOver: kills.length,
  });
}
