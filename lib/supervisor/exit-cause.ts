import type { MemoryCounters } from '../monitor/types';
import type { ExitCause, WorkerExit } from './types';

/** What is known about a worker's end when its leaf is empty. */
export interface EndFacts {
  code: number | null;
  signal: NodeJS.Signals | null;
  /** Who killed it, if Spillway did. */
  killedFor: 'relief' | 'close' | undefined;
  /** Whether the AbortSignal of its spawn options fired. */
  aborted: boolean;
  counters: MemoryCounters | undefined;
  /** `oom_kill` of its leaf when Spillway had just signalled it: the kernel was first. */
  oomKillsAtSignal: number;
  /** Whether its leaf has a limit of its own below the pool's. */
  hasOwnLimit: boolean;
}

export function exitCause(facts: EndFacts): ExitCause {
  const { code, signal, killedFor, counters, oomKillsAtSignal } = facts;
  // A code means that the main process returned, whatever was killed around it or too late.
  if (code !== null) return 'exit';
  // Spillway and the OOM killer send SIGKILL only: another signal was there before them.
  if (signal !== 'SIGKILL') return facts.aborted ? 'aborted' : 'signal';
  const kernelFirst = oomKillsAtSignal > 0 || (killedFor === undefined && (counters?.oom_kill ?? 0) > 0);
  if (kernelFirst) return 'kernel-oom';
  if (killedFor === 'relief') return 'spillway';
  if (killedFor === 'close') return 'closed';
  return facts.aborted ? 'aborted' : 'signal';
}

export function retryHint(cause: ExitCause, { counters, hasOwnLimit }: EndFacts): WorkerExit['retryHint'] {
  if (cause === 'kernel-oom') return hasOwnLimit && (counters?.oom ?? 0) > 0 ? 'bigger' : 'elsewhere';
  return cause === 'spillway' || cause === 'closed' ? 'elsewhere' : 'no';
}
