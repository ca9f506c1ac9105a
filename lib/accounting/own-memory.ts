import { type MemoryFigure, sumOf } from './memory-figure';
import type { ResourceGroup } from './resource-group';

/** This process: all of it, and what of it nobody counts. */
export interface OwnMemory {
  /** Its resident set size. */
  all: MemoryFigure;
  /**
   * What is resident beyond what the groups are known to hold: the main thread's heap, code, libraries, and whatever
   * nobody counts. Unknown where they hold more than is resident: a part of theirs was never touched, or is swapped
   * out, and nobody can tell which.
   */
  remainder: MemoryFigure;
}

/** @param groups those whose memory is known apart from the rest of the process */
export function readOwnMemory(groups: readonly ResourceGroup[]): OwnMemory {
  const figures: MemoryFigure[] = [];
  for (const { sources } of groups) for (const source of sources) if (source.inProcess) figures.push(source.figure);
  const rssBytes = process.memoryUsage.rss();
  const measured = { sampledAt: Date.now(), measuring: true };
  const restBytes = rssBytes - (sumOf(figures).bytes ?? 0);
  return {
    all: { bytes: rssBytes, source: 'rss', confidence: 'upper-bound', ...measured },
    remainder: restBytes < 0 ? { bytes: undefined, source: undefined, confidence: 'unknown', sampledAt: undefined, measuring: true } : { bytes: restBytes, source: 'remainder', confidence: 'derived', ...measured },
  };
}
