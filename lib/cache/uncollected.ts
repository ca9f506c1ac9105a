/** Bytes that were given up, and whose owner the collector has not found yet. */
export class Uncollected {
  #bytes = 0;
  readonly #registry = new FinalizationRegistry<number>((bytes) => {
    this.#bytes -= bytes;
  });

  get bytes(): number {
    return this.#bytes;
  }

  /** What is no object is not counted: nobody could tell when it is gone. */
  add(owner: unknown, bytes: number): void {
    if ((typeof owner !== 'object' && typeof owner !== 'function') || owner === null || bytes === 0) return;
    this.#bytes += bytes;
    this.#registry.register(owner, bytes);
  }
}
