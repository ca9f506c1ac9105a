import type { ReliefReport } from '../types';

/** The last reports, the newest last. */
export class ReportHistory {
  #reports: readonly ReliefReport[] = [];

  /** @param size How many are kept; 0 keeps none. */
  constructor(private readonly size: number) {}

  keep(report: ReliefReport): void {
    // A new list each time, so that one that somebody walks through does not change under them.
    if (this.size > 0) this.#reports = [...this.#reports, report].slice(-this.size);
  }

  get list(): readonly ReliefReport[] {
    return this.#reports;
  }
}
