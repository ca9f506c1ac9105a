/** No index: the end of a list. */
export const none = -1;

/**
 * Doubly linked lists of the numbers 0 to `indices` - 1, in typed arrays: nothing is allocated after
 * the constructor, and each step is O(1). An index is in one list at most, which its user knows.
 */
export class IndexLists {
  readonly #firsts: Int32Array;
  readonly #lasts: Int32Array;
  readonly #nexts: Int32Array;
  readonly #previous: Int32Array;

  constructor(indices: number, lists: number) {
    this.#firsts = new Int32Array(lists).fill(none);
    this.#lasts = new Int32Array(lists).fill(none);
    this.#nexts = new Int32Array(indices);
    this.#previous = new Int32Array(indices);
  }

  first(list: number): number {
    return this.#firsts[list] ?? none;
  }

  last(list: number): number {
    return this.#lasts[list] ?? none;
  }

  /** For one that is in a list and stays there. */
  after(index: number): number {
    return this.#nexts[index] ?? none;
  }

  /** For one that is in no list. */
  append(list: number, index: number): void {
    const last = this.last(list);
    this.#previous[index] = last;
    this.#nexts[index] = none;
    if (last === none) this.#firsts[list] = index;
    else this.#nexts[last] = index;
    this.#lasts[list] = index;
  }

  /** For one that is in this list. */
  remove(list: number, index: number): void {
    const previous = this.#previous[index] ?? none;
    const next = this.#nexts[index] ?? none;
    if (previous === none) this.#firsts[list] = next;
    else this.#nexts[previous] = next;
    if (next === none) this.#lasts[list] = previous;
    else this.#previous[next] = previous;
  }
}
