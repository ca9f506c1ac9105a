import { SpillwayError } from '../../errors';
import type { Clock } from '../../clock';

export interface Wish {
  bytes: number;
  signal: AbortSignal | undefined;
  /** Default: no limit. */
  timeoutMs?: number | undefined;
  /** What is done with one whose time is over. Default: it is turned away. */
  whenLate?: 'turn away' | 'let in';
}

interface Waiter {
  bytes: number;
  /** Lets it in, or turns it away. */
  end: (refusal?: SpillwayError) => void;
}

/**
 * First come, first served. The first one in line keeps all others waiting until it fits, however
 * little they want: else a large one would never get in.
 */
export class WaitingLine {
  /** In order of arrival. */
  readonly #waiters = new Set<Waiter>();

  constructor(
    /** Lets one in, or says that it does not fit yet, or why it never will. */
    private readonly admit: (bytes: number) => boolean | SpillwayError,
    private readonly clock: Clock,
    /** Told whenever the line has grown or shrunk. */
    private readonly onLength: (length: number) => void = () => undefined,
  ) {}

  /** Rejects with the signal's reason, with ERR_SPILLWAY_TIMEOUT, and with what `admit` refuses it for. Leaves neither timer nor listener. */
  async wait({ bytes, signal, timeoutMs, whenLate = 'turn away' }: Wish): Promise<void> {
    signal?.throwIfAborted();
    const over = new AbortController();
    let abort = (): void => undefined;
    const refusal = await new Promise<SpillwayError | 'aborted' | undefined>((resolve) => {
      const leave = (result?: SpillwayError | 'aborted'): void => {
        if (!this.#waiters.delete(waiter)) return;
        over.abort();
        signal?.removeEventListener('abort', abort);
        resolve(result);
        this.onLength(this.#waiters.size);
      };
      const waiter: Waiter = { bytes, end: leave };
      this.#waiters.add(waiter);
      this.advance();
      if (!this.#waiters.has(waiter)) return;
      this.onLength(this.#waiters.size);
      abort = () => {
        leave('aborted');
        this.advance();
      };
      signal?.addEventListener('abort', abort);
      if (timeoutMs === undefined) return;
      const late = (): void => {
        leave(whenLate === 'let in' ? undefined : new SpillwayError('ERR_SPILLWAY_TIMEOUT', `There was no room in the pool within ${timeoutMs} ms`));
        this.advance();
      };
      this.clock.wait(timeoutMs, over.signal).then(late, () => undefined);
    });
    if (refusal === 'aborted') signal?.throwIfAborted();
    else if (refusal !== undefined) throw refusal;
  }

  /** Lets in whoever fits, from the front on. */
  advance(): void {
    for (const waiter of this.#waiters) {
      const admitted = this.admit(waiter.bytes);
      if (admitted === false) return;
      waiter.end(admitted === true ? undefined : admitted);
    }
  }

  /** Turns all of them away. */
  dissolve(refusal: SpillwayError): void {
    for (const waiter of this.#waiters) waiter.end(refusal);
  }
}
