import type { Clock } from '../../clock';
import type { Reclaimed } from '../types';
import type { Fill } from './fill';
import type { Reclaimers } from './reclaimers';

/** After so long one that does not return is given up: it would keep the others from being asked for ever. */
const hungAfterMs = 10_000;

export interface EarlyReclaimContext {
  reclaimers: Pick<Reclaimers, 'run'>;
  /** From which fraction of the mark on. */
  reclaimAt: number;
  clock: Clock;
  /** Not told of runs that asked nobody. Must not throw. */
  onReclaimed: (results: Reclaimed[]) => void;
}

/** Has idle memory given back before the mark, where that costs nobody any time. One run at a time. */
export class EarlyReclaim {
  #run: { stop: AbortController; startedAtMs: number } | undefined;

  constructor(private readonly context: EarlyReclaimContext) {}

  /** To be called with each measurement. */
  look(fill: Fill | undefined): void {
    const { reclaimers, reclaimAt, clock } = this.context;
    if (this.#run !== undefined) {
      if (clock.now() - this.#run.startedAtMs >= hungAfterMs) this.#run.stop.abort();
      return;
    }
    const bytes = fill === undefined ? 0 : Math.ceil(fill.pinnedBytes - reclaimAt * fill.markBytes);
    if (bytes <= 0) return;
    const run = { stop: new AbortController(), startedAtMs: clock.now() };
    this.#run = run;
    void reclaimers.run({ bytes, budgetMs: Infinity, signal: run.stop.signal, clock }).then((results) => {
      this.#run = undefined;
      if (results.length > 0) this.context.onReclaimed(results);
    });
  }

  /** Ends the run that is under way, if there is one: its signal has fired when this returns. */
  stop(): void {
    this.#run?.stop.abort();
  }
}
