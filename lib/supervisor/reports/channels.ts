import { channel } from 'node:diagnostics_channel';
import type { SpillwayError } from '../../errors';
import type { Breach } from '../../monitor/types';
import type { ReliefReport, SupervisorEvents, Victim, WorkerExit } from '../types';

/** What subscribers of `diagnostics_channel` get, by the name of the channel. `supervisor` is the name of its pool. */
export interface ChannelMessages {
  'spillway:breach': { supervisor: string; breach: Breach };
  /** Before the signal. */
  'spillway:victim': { supervisor: string; victim: Victim };
  'spillway:relief': { supervisor: string; report: ReliefReport };
  'spillway:exit': { supervisor: string; exit: WorkerExit };
  'spillway:accepting': { supervisor: string; accepting: boolean };
  'spillway:degraded': { supervisor: string; error: SpillwayError };
}

/** All channels, and under which key each one's message carries what the event carries. */
const channels = {
  breach: { channel: channel('spillway:breach'), key: 'breach' },
  victim: { channel: channel('spillway:victim'), key: 'victim' },
  relief: { channel: channel('spillway:relief'), key: 'report' },
  exit: { channel: channel('spillway:exit'), key: 'exit' },
  accepting: { channel: channel('spillway:accepting'), key: 'accepting' },
  degraded: { channel: channel('spillway:degraded'), key: 'error' },
} as const;

/**
 * Publishes an event of the supervisor `supervisor` for those who do not hold it: tracing, metrics. Without subscribers
 * it makes nothing. What a subscriber throws does not come back here: Node reports it as an `'uncaughtException'` in
 * the next tick.
 */
export function publish<Name extends keyof SupervisorEvents>(supervisor: string, name: Name, ...[told]: SupervisorEvents[Name]): void {
  const { channel: to, key } = channels[name];
  if (to.hasSubscribers) to.publish({ supervisor, [key]: told });
}
