import type { LastFigures, LimitLevel } from './containment/types';
import type { ExitBlame, ExitCause, WorkerExit } from './types';

/** What Spillway did to a worker. */
export interface KillFacts {
  /** `'request'`: the user's `worker.kill()`. */
  for: 'relief' | 'close' | 'request';
  /** Whose limit was to be relieved. */
  level?: LimitLevel;
}

/** What is known about a worker's end when nothing of it is left. */
export interface EndFacts {
  /** Both `null`: it was not this process's child, so nobody can tell. */
  code: number | null;
  signal: NodeJS.Signals | null;
  kill: KillFacts | undefined;
  /** Whether `close()` had asked it to end, by SIGTERM. */
  askedToEnd: boolean;
  /** Whether the AbortSignal of its spawn options fired. */
  aborted: boolean;
  /** Whether it said that its V8 heap was full. */
  heapIsFull: boolean;
  kernelKilledFor: LastFigures['kernelKilledFor'];
}

export function exitCause(facts: EndFacts): ExitCause {
  const { code, signal, kill, askedToEnd, heapIsFull, kernelKilledFor } = facts;
  if (heapIsFull && mayBeAbort(facts)) return 'v8-heap';
  // How it returned stands in its code; why, is that it was asked to.
  if (askedToEnd && signal !== 'SIGKILL') return 'closed';
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
export function exitBlame(cause: ExitCause, { kill, kernelKilledFor }: EndFacts): ExitBlame | undefined {
  if (cause === 'spillway') return blameOf[kill?.level ?? 'pool'];
  if (cause === 'kernel-oom' && kernelKilledFor !== undefined) return blameOf[kernelKilledFor];
  return undefined;
}

export function retryHint(cause: ExitCause, blame: ExitBlame | undefined): WorkerExit['retryHint'] {
  if (blame === 'own-limit' || cause === 'v8-heap') return 'bigger';
  return cause === 'kernel-oom' || cause === 'spillway' || cause === 'closed' ? 'elsewhere' : 'no';
}
