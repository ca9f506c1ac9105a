/** How long memory of work that was let in may take to show in the pool's figures. Until then it is counted on top of them. */
export const promiseMs = 1000;

/** What those let in of late said they will use. */
export class PromisedBytes {
  /** Oldest first. */
  readonly #promises: { untilMs: number; bytes: number }[] = [];
  #sum = 0;

  add(bytes: number, nowMs: number): void {
    if (bytes === 0) return;
    this.#promises.push({ untilMs: nowMs + promiseMs, bytes });
    this.#sum += bytes;
  }

  sumAt(nowMs: number): number {
    let [oldest] = this.#promises;
    while (oldest !== undefined && oldest.untilMs <= nowMs) {
      this.#sum -= oldest.bytes;
      this.#promises.shift();
      [oldest] = this.#promises;
    }
    return this.#sum;
  }
}
