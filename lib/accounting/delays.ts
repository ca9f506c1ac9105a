/** Waits that can be ended together. Each keeps the process alive, for it is waited for. */
export class Delays {
  readonly #pending = new Map<NodeJS.Timeout, () => void>();

  /** Node's timers count whole milliseconds, and cut fractions off: rounded up, none is shorter than asked for. */
  wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.#pending.delete(timer);
        resolve();
      }, Math.ceil(ms));
      this.#pending.set(timer, resolve);
    });
  }

  endAll(): void {
    for (const [timer, resolve] of this.#pending) {
      clearTimeout(timer);
      resolve();
    }
    this.#pending.clear();
  }
}
