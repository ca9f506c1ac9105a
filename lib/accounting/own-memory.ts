import type { MemoryFigure } from './memory-figure';

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

/** @param knownBytes what of it the groups are known to hold */
export function readOwnMemory(knownBytes: number): OwnMemory {
  const rssBytes = process.memoryUsage.rss();
  const measured = { sampledAt: Date.now(), measuring: true };
  const restBytes = rssBytes - knownBytes;
  return {
    all: { bytes: rssBytes, source: 'rss', confidence: 'upper-bound', ...measured },
    remainder: restBytes < 0 ? { bytes: undefined, source: undefined, confidence: 'unknown', sampledAt: undefined, measuring: true } : { bytes: restBytes, source: 'remainder', confidence: 'derived', ...measured },
  };
}
