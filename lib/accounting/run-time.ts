import type { CpuFigure } from './cpu-figure';

/** In Node from 22.19 on, and from 23.9. */
interface ThreadClock {
  threadCpuUsage?(): { user: number; system: number };
}

/** What measured calls within the one under way have taken: theirs, not its. */
let innerMicros = 0;

/** Counts the processor time of one owner's synchronous work. */
export class RunTime {
  #micros = 0;

  /** Returns, and throws, what `work` does. */
  run<T>(work: () => T): T {
    const outerInnerMicros = innerMicros;
    innerMicros = 0;
    const beginMicros = clockMicros();
    try {
      return work();
    } finally {
      const tookMicros = Math.max(0, clockMicros() - beginMicros);
      this.#micros += Math.max(0, tookMicros - innerMicros);
      innerMicros = outerInnerMicros + tookMicros;
    }
  }

  get figure(): CpuFigure {
    const isThread = 'threadCpuUsage' in process;
    return { seconds: this.#micros / 1e6, source: isThread ? 'thread' : 'process', confidence: isThread ? 'exact' : 'upper-bound', sampledAt: Date.now(), measuring: true };
  }
}

/** Of this thread; in an older Node of the whole process, the collector's threads and all others with it. */
function clockMicros(): number {
  const { user, system } = (process as ThreadClock).threadCpuUsage?.() ?? process.cpuUsage();
  return user + system;
}
