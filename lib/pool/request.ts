/** One `acquire()` that could not be served at once. It leaves the line when it is over, and leaves no listener. */
export class Request<K, T> {
  /** Rejects with the signal's reason. */
  readonly result: Promise<T>;
  /** Told when it leaves the line. */
  onLeave: () => void = () => undefined;
  #resolve!: (value: T) => void;
  #reject!: (reason: unknown) => void;
  #isOver = false;
  readonly #abort = (): void => {
    this.reject(this.signal.reason);
  };

  constructor(readonly key: K, private readonly line: Set<Request<K, T>>, private readonly signal: AbortSignal) {
    this.result = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    signal.addEventListener('abort', this.#abort);
  }

  /** Nobody waits for it any more. */
  get isOver(): boolean {
    return this.#isOver;
  }

  leave(): void {
    if (this.line.delete(this)) this.onLeave();
  }

  /** For one that is not over. */
  resolve(value: T): void {
    this.#end();
    this.#resolve(value);
  }

  /** Of one that is over it does nothing. */
  reject(reason: unknown): void {
    this.#end();
    this.#reject(reason);
  }

  #end(): void {
    this.#isOver = true;
    this.leave();
    this.signal.removeEventListener('abort', this.#abort);
  }
}
