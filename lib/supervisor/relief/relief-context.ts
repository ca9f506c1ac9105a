import type { KillPolicy } from '../../policy/types';
import type { Gauge } from '../containment/types';
import type { Warning } from '../shed/warn-workers';
import type { Plan } from '../takeover/plan-keeper';
import type { Takeover } from '../takeover/takeover';
import type { Reclaimed, Victim } from '../types';
import type { WorkerProcess } from '../worker-process';
import type { Clock } from '../../clock';
import type { RoundSubject } from './round-record';

/** What a round works on, and whom it asks. */
export interface ReliefContext extends RoundSubject {
  gauge: Gauge;
  policy: KillPolicy;
  /** How long to wait for a victim's end before the next one is chosen. */
  victimTimeoutMs: number;
  /** Those that have not ended. */
  workers: () => readonly RoundWorker[];
  /** Gives memory back without a kill. Never rejects. */
  reclaim: (bytes: number) => Promise<Reclaimed[]>;
  /** Tells workers to shed memory, those that want to be told, and how long that may take. */
  warn: (workers: readonly RoundWorker[], bytes: number) => Promise<Warning>;
  closing: () => boolean;
  /** Whether the limit is gone, with all that it held. */
  gone: () => boolean;
  /** Whether others stand still until the round is over: then nobody is given time. */
  pressing: () => boolean;
  takeover: Pick<Takeover, 'lease' | 'claim' | 'kills'> | undefined;
  /** The plan that the native thread has killed this one by. */
  planFor: (victim: number) => Plan | undefined;
  /** Before the signal; of those that the native thread has killed, now. */
  onVictim: (victim: Victim) => void;
  clock?: Clock;
}

/** What a round asks of a worker, and does to it. */
export type RoundWorker = Pick<
  WorkerProcess,
  'facts' | 'pid' | 'victim' | 'exited' | 'dying' | 'dyingBytes' | 'stuck' | 'candidate' | 'kill' | 'wasKilled' | 'askToEnd' | 'markStuck' | 'warnedAtMs' | 'warnTarget'
>;
