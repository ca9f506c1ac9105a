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

/** As `sampledMemory`. */
export function sampledCpu(answer: Pick<CpuFigure, 'seconds' | 'source' | 'confidence'> | undefined, sampledAt: number | undefined): CpuFigure {
  return { seconds: answer?.seconds, source: answer?.source, confidence: answer?.confidence ?? 'unknown', sampledAt, measuring: true };
}

/** The sum of processor time by the rules of {@link FigureSum}, to a whole microsecond. */
export class CpuSum {
  readonly #sum = new FigureSum();

  add({ seconds, source, confidence, sampledAt, measuring }: CpuFigure): void {
    this.#sum.add(seconds === undefined ? undefined : Math.round(seconds * 1e6), source, confidence, sampledAt, measuring);
  }

  /** Whether nothing was added: nobody measures it. */
  get isEmpty(): boolean {
    return this.#sum.count === 0;
  }

  get figure(): CpuFigure {
    const { source, confidence, sampledAt, measuring } = this.#sum.provenance;
    const micros = this.#sum.amount;
    return { seconds: micros === undefined ? undefined : micros / 1e6, source, confidence, sampledAt, measuring };
  }
}

/** With what has ended now: as it was last known, for nobody has seen its last moments. It does not age. */
export function ofThePast(past: CpuFigure, ended: CpuFigure): CpuFigure {
  const sum = new CpuSum();
  sum.add(ended);
  if (past.seconds !== undefined) sum.add(past);
  const { seconds, source } = sum.figure;
  return { seconds, source, confidence: 'lower-bound', sampledAt: undefined, measuring: false };
}
