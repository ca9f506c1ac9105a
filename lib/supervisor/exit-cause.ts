import type { LastFigures, LimitLevel } from './containment/types';
import type { ExitBlame, ExitCause, WorkerExit } from './types';

/** Why Spillway ends a worker. */
export type KillFacts =
  /** `level`: whose limit was to be relieved. */
  | { for: 'relief'; level: LimitLevel; reportId: string }
  /** `'request'`: the user's `worker.kill()`. */
  | { for: 'close' | 'request' };

/** What is known about a worker's end when nothing of it is left. */
export interface EndFacts {
  /** Both `null`: it was not this process's child, so nobody can tell. */
  code: number | null;
  signal: NodeJS.Signals | null;
  kill: KillFacts | undefined;
  /** Why it had been asked to end, by SIGTERM. */
  asked: KillFacts | undefined;
  /** Whether the AbortSignal of its spawn options fired. */
  aborted: boolean;
  /** Whether it said that its V8 heap was full. */
  heapIsFull: boolean;
  kernelKilledFor: LastFigures['kernelKilledFor'];
}

/** The relief that it was ended for, if it was. */
export function reliefOf({ kill, asked }: Pick<EndFacts, 'kill' | 'asked'>): Extract<KillFacts, { for: 'relief' }> | undefined {
  if (kill?.for === 'relief') return kill;
  return asked?.for === 'relief' ? asked : undefined;
}

export function exitCause(facts: EndFacts): ExitCause {
  const { code, signal, kill, asked, heapIsFull, kernelKilledFor } = facts;
  if (heapIsFull && mayBeAbort(facts)) return 'v8-heap';
  // How it returned stands in its code; why, is that it was asked to.
  if (asked !== undefined && signal !== 'SIGKILL') return asked.for === 'relief' ? 'spillway' : 'closed';
  // A code means that the main process returned, whatever was killed around it or too late.
  if (code !== null) return 'exit';
  // Spillway and the OOM killer send SIGKILL only: another signal was there before them.
  if (signal !== 'SIGKILL' && signal !== null) return facts.aborted ? 'aborted' : 'signal';
  // Also where Spillway has signalled it: the kernel counts a kill only of a process without SIGKILL pending, but looks
  // for that before it writes its report to the log, and counts after it (mm/oom_kill.c, oom_kill_process()).
  if (kernelKilledFor !== undefined) return 'kernel-oom';
  if (kill?.for === 'relief') return 'spillway';
  if (kill?.for === 'close') return 'closed';
  if (facts.aborted) return 'aborted';
  return signal === null && kill === undefined ? 'exit' : 'signal';
}

/** How Node ends when V8 has no heap left (abort()), also below a shell, which says 128 + 6. */
export function mayBeAbort({ code, signal }: Pick<EndFacts, 'code' | 'signal'>): boolean {
  return signal === 'SIGABRT' || signal === 'SIGTRAP' || signal === 'SIGILL' || code === 134;
}

const blameOf: Readonly<Record<LimitLevel | 'host', ExitBlame>> = { worker: 'own-limit', group: 'group-limit', pool: 'pool', host: 'host' };

/** On whose account memory was the reason. */
export function exitBlame(cause: ExitCause, facts: EndFacts): ExitBlame | undefined {
  const { kernelKilledFor } = facts;
  const relief = reliefOf(facts);
  if (cause === 'spillway' && relief !== undefined) return blameOf[relief.level];
  if (cause === 'kernel-oom' && kernelKilledFor !== undefined) return blameOf[kernelKilledFor];
  return undefined;
}

export function retryHint(cause: ExitCause, blame: ExitBlame | undefined): WorkerExit['retryHint'] {
  if (blame === 'own-limit' || cause === 'v8-heap') return 'bigger';
  return cause === 'kernel-oom' || cause === 'spillway' || cause === 'closed' ? 'elsewhere' : 'no';
}
