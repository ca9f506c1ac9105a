import type { NativeKill } from '../../native';
import { onTimeLine } from '../../time-line';

/** One victim that the native thread has killed by the armed plan. Times are those of `performance.now()`. */
export interface PlannedKill extends Omit<NativeKill, 'noticedMs' | 'decidedMs' | 'signalledMs' | 'exitedMs'> {
  /** When the shortage was first seen. */
  noticedAtMs: number;
  decidedAtMs: number;
  signalledAtMs: number;
  /** When its main process was seen to have ended; absent when that was not yet. */
  exitedAtMs?: number;
}

export function plannedKill({ noticedMs, decidedMs, signalledMs, exitedMs, ...kill }: NativeKill): PlannedKill {
  return {
    ...kill,
    noticedAtMs: onTimeLine(noticedMs),
    decidedAtMs: onTimeLine(decidedMs),
    signalledAtMs: onTimeLine(signalledMs),
    ...(exitedMs !== undefined && { exitedAtMs: onTimeLine(exitedMs) }),
  };
}
