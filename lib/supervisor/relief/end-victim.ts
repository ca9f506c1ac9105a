import { readProcess } from '../../process/process-entry';
import { readProcFile } from '../../process/proc-file';
import type { Victim } from '../types';
import type { Clock } from '../../clock';
import type { ReliefContext, RoundWorker } from './relief-context';
import type { RoundRecord } from './round-record';
import { anyEnds } from './worker-ends';

interface EndContext extends Pick<ReliefContext, 'level' | 'reportId' | 'victimTimeoutMs' | 'pressing'> {
  /** Whether it is asked by SIGTERM first. */
  asks: boolean;
  /** Makes it this round's to kill. False: the native thread has killed meanwhile. */
  claim: () => boolean;
  clock: Clock;
  record: RoundRecord;
}

/** Signals a victim, and waits for its end: SIGTERM first, where it has time and nobody else stands still for it. */
export async function endVictim(worker: RoundWorker, victim: Victim, context: EndContext): Promise<void> {
  const { level, reportId, victimTimeoutMs, clock, record } = context;
  const { id, graceMs } = worker.facts;
  const kill = { for: 'relief', level, reportId } as const;
  if (context.asks) {
    victim.signal = 'SIGTERM';
    worker.askToEnd(kill);
    record.mark('signalled', { id });
    victim.died = await anyEnds([worker], graceMs, clock, context.pressing);
  }
  if (!victim.died) {
    if (!context.claim()) return;
    worker.kill(kill);
    record.mark('signalled', { id });
    victim.died = await anyEnds([worker], victimTimeoutMs, clock);
  }
  if (victim.died) record.mark('exited', { id });
  else giveUpOn(worker, record);
}

/** It was signalled, by whomever, and does not die in time: it is not waited for any more. */
export function giveUpOn(worker: RoundWorker, record: RoundRecord): void {
  const { id } = worker.facts;
  worker.markStuck();
  record.mark('stuck', { id });
  const victim = record.victims.find((each) => each.id === id);
  const stuck = whereIsIt(worker.pid);
  if (victim !== undefined && stuck !== undefined) victim.stuck = stuck;
}

/** Uninterruptible sleep (state D) is why a killed process does not die; its wait channel says in what. */
function whereIsIt(pid: number): Victim['stuck'] {
  try {
    const state = readProcess(pid)?.state;
    if (state === undefined) return undefined;
    // '0' where this user may not know, or where it waits for nothing.
    const waitsFor = readProcFile('/proc', pid, 'wchan') ?? '0';
    return { state, ...(waitsFor !== '0' && waitsFor !== '' && { waitsFor }) };
  } catch {
    return undefined; // no descriptor is left to look with
  }
}
