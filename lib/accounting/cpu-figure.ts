import { FigureSum, type MemoryFigure } from './memory-figure';

/** How much processor time something has taken since it began. */
export interface CpuFigure {
  /** `undefined` is unknown; 0 is nothing. */
  readonly seconds: number | undefined;
  /**
   * Where it comes from: `'cgroup'` (cpu.stat), `'processes'` and `'process'` (/proc/PID/stat, or this process as it
   * counts itself), `'thread'`, `'event-loop'`, `'remainder'`; of a sum over several all of them, sorted.
   */
  readonly source: string | undefined;
  readonly confidence: MemoryFigure['confidence'];
  /** As of a memory figure. */
  readonly sampledAt: number | undefined;
  readonly measuring: boolean;
}

export const unmeasuredCpu: CpuFigure = { seconds: undefined, source: undefined, confidence: 'unknown', sampledAt: undefined, measuring: false };

/** By the rules of sums of memory, to a whole microsecond. */
export function sumOfCpu(figures: readonly CpuFigure[]): CpuFigure {
  const [only] = figures;
  if (only !== undefined && figures.length === 1) return only;
  const sum = new FigureSum();
  for (const figure of figures) sum.add(figure.seconds === undefined ? undefined : Math.round(figure.seconds * 1e6), figure);
  const { source, confidence, sampledAt, measuring } = sum.provenance;
  return { seconds: sum.amount === undefined ? undefined : sum.amount / 1e6, source, confidence, sampledAt, measuring };
}

/** With what has ended now: as it was last known, for nobody has seen its last moments. It does not age. */
export function ofThePast(past: CpuFigure, ended: CpuFigure): CpuFigure {
  const { seconds, source } = sumOfCpu(past.seconds === undefined ? [ended] : [past, ended]);
  return { seconds, source, confidence: 'lower-bound', sampledAt: undefined, measuring: false };
}
