import { type CpuFigure, sumOfCpu } from './cpu-figure';
import type { ResourceGroup } from './resource-group';

/** This process: all of its processor time, and what of it no group has taken. */
export interface OwnCpu {
  all: CpuFigure;
  remainder: CpuFigure;
}

/** @param groups those whose processor time is known apart from the rest of the process */
export function readOwnCpu(groups: readonly ResourceGroup[]): OwnCpu {
  const { user, system } = process.cpuUsage();
  const seconds = (user + system) / 1e6;
  const known = sumOfCpu(groups.flatMap((group) => group.cpuFigures('inside'))).seconds ?? 0;
  const measured = { sampledAt: Date.now(), measuring: true };
  return {
    all: { seconds, source: 'process', confidence: 'exact', ...measured },
    // What is only estimated may be more than there is.
    remainder: { seconds: Math.max(0, seconds - known), source: 'remainder', confidence: 'derived', ...measured },
  };
}
