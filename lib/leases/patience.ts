import type { SpillwayError } from '../errors';
import type { Clock } from '../clock';

/** How long one `acquire()` goes on: until its user, a time limit or whom it asked ends it. Leaves neither timer nor listener. */
export class Patience implements Disposable {
  readonly #end = new AbortController();
  /** Fires when it needs no timers any more. */
  readonly #over = new AbortController();
  readonly #follow = (): void => {
    this.end(this.user?.reason);
  };

  constructor(private readonly user: AbortSignal | undefined, private readonly clock: Clock) {
    user?.addEventListener('abort', this.#follow);
  }

  /** Its reason is what `acquire()` rejects with. */
  get signal(): AbortSignal {
    return this.#end.signal;
  }

  end(reason: unknown): void {
    this.#end.abort(reason);
  }

  /** Ends after so long. */
  limit(ms: number, error: () => SpillwayError): void {
    const late = (): void => {
      this.end(error());
    };
    this.clock.wait(ms, this.#over.signal).then(late, () => undefined);
  }

  [Symbol.dispose](): void {
    this.#over.abort();
    this.user?.removeEventListener('abort', this.#follow);
  }
}
