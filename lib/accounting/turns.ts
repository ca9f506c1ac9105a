/** Lets asynchronous work be done one after the other, each in a turn of the event loop of its own. */
export class Turns {
  #last: Promise<unknown> = Promise.resolve();

  take<T>(work: () => T | Promise<T>): Promise<T> {
    const result = this.#last.then(() => new Promise((resolve) => setImmediate(resolve))).then(work);
    this.#last = result.catch(() => undefined);
    return result;
  }
}
