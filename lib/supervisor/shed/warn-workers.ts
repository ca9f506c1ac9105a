import type { Clock } from '../../clock';
import type { Warned } from '../types';
import type { WorkerProcess } from '../worker-process';
import { warnWorker } from './warn-worker';

/** Who was told has given what it can: for so long it is not told again, nor waited for. Milliseconds. */
const repeatMs = 10_000;

/** Those that could not be told the last time: nothing comes of them. */
const unheard = new WeakSet<WarnedWorker>();

export interface Warning {
  /** Those that were told now. */
  warned: Warned[];
  /** How long what they shed is still to be waited for. */
  waitMs: number;
}

/** Tells all workers that asked for it to shed memory. Never rejects. */
export async function warnWorkers(workers: readonly WarnedWorker[], bytes: number, clock: Clock): Promise<Warning> {
  const beganAtMs = clock.now();
  const asking = workers.filter(({ facts, dying }) => facts.shed !== 'none' && !dying);
  const toTell = asking.filter(({ warnedAtMs }) => beganAtMs - warnedAtMs >= repeatMs);
  for (const worker of toTell) worker.warnedAtMs = beganAtMs;
  const warned = await Promise.all(toTell.map((worker) => warnWorker(worker.warnTarget(), bytes, clock)));
  for (const [index, worker] of toTell.entries()) {
    if (warned[index]?.error === undefined) unheard.delete(worker);
    else unheard.add(worker);
  }
  const nowMs = clock.now();
  const untilMs = asking.filter((worker) => !unheard.has(worker)).map(({ warnedAtMs, facts }) => warnedAtMs + facts.shedMs);
  return { warned, waitMs: Math.max(0, ...untilMs.map((ms) => ms - nowMs)) };
}

/** What it asks of a worker. */
export type WarnedWorker = Pick<WorkerProcess, 'facts' | 'dying' | 'warnedAtMs' | 'warnTarget'>;
