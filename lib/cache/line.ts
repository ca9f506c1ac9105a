type Waiter<T> = (value: T) => void;

/** Who waits for a seat, first come, first served. */
export class Line<T> {
  readonly #waiters = new Set<Waiter<T>>();

  get isEmpty(): boolean {
    return this.#waiters.size === 0;
  }

  /** Rejects with the signal's reason. Leaves no listener. */
  wait(signal: AbortSignal): Promise<T> {
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        this.#waiters.delete(waiter);
        signal.removeEventListener('abort', abort);
      };
      const waiter = (value: T): void => {
        leave();
        resolve(value);
      };
      const abort = (): void => {
        leave();
        // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- the reason is the user's to choose
        reject(signal.reason);
      };
      if (signal.aborted) abort();
      else {
        this.#waiters.add(waiter);
        signal.addEventListener('abort', abort);
      }
    });
  }

  /** Gives it to the first one, if there is any. */
  callNext(value: T): boolean {
    const [first] = this.#waiters;
    first?.(value);
    return first !== undefined;
  }
}
