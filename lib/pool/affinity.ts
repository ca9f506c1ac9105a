import { IndexLists, none } from './index-lists';

/**
 * Which slots belong to which key. A key has a row for as long as a slot belongs to it, in use or not,
 * so there are never more rows than slots. The row lists the key's unused slots, the most recently used one last.
 *
 * A row that was purged is no longer found by its key. Slots in use still belong to it, and to no key
 * when they come back: that is how a purge reaches them without looking for them.
 */
export class Affinity<K> {
  readonly #rows = new Map<K, number>();
  readonly #rowOf: Int32Array;
  /** By row: its unused slots. */
  readonly #unused: IndexLists;
  /** By row: how many slots belong to it. */
  readonly #members: Int32Array;
  /** By row. `undefined` once it was purged. */
  readonly #keys: (K | undefined)[] = [];
  /** Rows given back, as a stack. */
  readonly #spare: Int32Array;
  #spareCount = 0;

  constructor(capacity: number) {
    this.#rowOf = new Int32Array(capacity).fill(none);
    this.#unused = new IndexLists(capacity, capacity);
    this.#members = new Int32Array(capacity);
    this.#spare = new Int32Array(capacity);
  }

  /** The key that a slot belongs to, if any. */
  keyOf(slot: number): K | undefined {
    const row = this.#rowOf[slot] ?? none;
    return row === none ? undefined : this.#keys[row];
  }

  /** The most recently used of the key's unused slots, or `none`. */
  latest(key: K): number {
    const row = this.#rows.get(key);
    return row === undefined ? none : this.#unused.last(row);
  }

  /** A slot goes out of use: from now on `latest()` may find it. */
  shelve(slot: number): void {
    const row = this.#rowOf[slot] ?? none;
    if (row === none) return;
    if (this.#keys[row] === undefined) this.leave(slot);
    else this.#unused.append(row, slot);
  }

  /** An unused slot is taken, or given up. It still belongs to its key. */
  unshelve(slot: number): void {
    const row = this.#rowOf[slot] ?? none;
    if (row !== none) this.#unused.remove(row, slot);
  }

  /** A slot that is on no shelf belongs to a key from now on, or to none. */
  assign(slot: number, key: K | undefined): void {
    const row = this.#rowOf[slot] ?? none;
    if (row !== none && key !== undefined && this.#rows.get(key) === row) return;
    // First the one, then the other: there are no more rows than slots.
    this.leave(slot);
    if (key !== undefined) this.#join(slot, key);
  }

  /** A slot that is on no shelf belongs to no key any more. */
  leave(slot: number): void {
    const row = this.#rowOf[slot] ?? none;
    if (row === none) return;
    this.#rowOf[slot] = none;
    const members = (this.#members[row] ?? 0) - 1;
    this.#members[row] = members;
    if (members > 0) return;
    const key = this.#keys[row];
    if (key !== undefined) this.#rows.delete(key);
    this.#keys[row] = undefined;
    this.#spare[this.#spareCount++] = row;
  }

  /** No slot belongs to the key any more. Returns those that were unused, the least recently used one first. */
  purge(key: K): number[] {
    const slots: number[] = [];
    const row = this.#rows.get(key);
    if (row === undefined) return slots;
    for (let slot = this.#unused.first(row); slot !== none; slot = this.#unused.first(row)) {
      this.#unused.remove(row, slot);
      this.leave(slot);
      slots.push(slot);
    }
    if (this.#rows.delete(key)) this.#keys[row] = undefined;
    return slots;
  }

  #join(slot: number, key: K): void {
    let row = this.#rows.get(key);
    if (row === undefined) {
      row = this.#spareCount > 0 ? (this.#spare[--this.#spareCount] ?? none) : this.#keys.length;
      this.#rows.set(key, row);
      this.#keys[row] = key;
    }
    this.#rowOf[slot] = row;
    this.#members[row] = (this.#members[row] ?? 0) + 1;
  }
}
