import type { Clock } from '../../clock';

/** When a run of reclaimers is over: its budget is used up, or somebody needs it to stop. */
export class RunEnd {
  /** Why the run is over; `undefined` while it may go on. */
  why: string | undefined;
  /** Resolves with this object when it is over; never rejects. Stays pending for a run that ends by itself. */
  readonly reached: Promise<RunEnd>;
  /** Of the one that is being asked. Fires at once when the run is over: whoever stopped it counts on that. */
  asked: AbortController | undefined;
  readonly #timer = new AbortController();
  readonly #stop: () => void;

  constructor(
    budgetMs: number,
    private readonly signal: AbortSignal | undefined,
    clock: Clock,
  ) {
    let tell: (end: RunEnd) => void;
    this.reached = new Promise((resolve) => (tell = resolve));
    const end = (why: string): void => {
      this.why ??= why;
      tell(this);
      this.asked?.abort();
    };
    this.#stop = () => {
      end('it was still busy when the run was stopped');
    };
    if (signal?.aborted === true) this.#stop();
    signal?.addEventListener('abort', this.#stop);
    const late = `it did not return within the budget of ${budgetMs} ms`;
    if (budgetMs <= 0) end(late);
    else if (budgetMs !== Infinity) {
      clock.wait(budgetMs, this.#timer.signal).then(
        () => {
          end(late);
        },
        () => undefined, // the run ended before
      );
    }
  }

  /** Leaves neither timer nor listener. */
  dispose(): void {
    this.#timer.abort();
    this.signal?.removeEventListener('abort', this.#stop);
  }
}
