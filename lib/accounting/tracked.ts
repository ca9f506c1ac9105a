import type { CpuFigure } from './cpu-figure';
import type { MemoryFigure } from './memory-figure';

/** Something whose memory counts as that of a group, until its end or `stop()`. */
export interface Tracked extends Disposable {
  /** What was last known of it. */
  readonly figure: MemoryFigure;
  readonly cpu: CpuFigure;
  /** Takes it out of the group. Does nothing the second time, and after its end. */
  stop(): void;
}

/** What a group holds of each. */
export interface MemorySource {
  readonly figure: MemoryFigure;
  /** Absent: it takes no processor time of its own. */
  readonly cpu?: CpuFigure;
  /** Whether it is a part of this process's own memory. */
  readonly inProcess: boolean;
  /** Measures it anew where that is older than `maxAgeMs`. Never rejects; may stay pending for ever. Absent: it is always up to date. */
  refresh?(maxAgeMs: number): Promise<void>;
  /** Lets go of what it listens to. */
  release?(): void;
}
