import type { CpuFigure } from './cpu-figure';

/** This process: all of its processor time, and what of it no group has taken. */
export interface OwnCpu {
  all: CpuFigure;
  remainder: CpuFigure;
}

/** @param knownSeconds what of it the groups are known to have taken */
export function readOwnCpu(knownSeconds: number): OwnCpu {
  const { user, system } = process.cpuUsage();
  const seconds = (user + system) / 1e6;
  const measured = { sampledAt: Date.now(), measuring: true };
  return {
    all: { seconds, source: 'process', confidence: 'exact', ...measured },
    // What is only estimated may be more than there is.
    remainder: { seconds: Math.max(0, seconds - knownSeconds), source: 'remainder', confidence: 'derived', ...measured },
  };
}
