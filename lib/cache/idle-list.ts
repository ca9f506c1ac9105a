import type { Held } from './held';

/** Idle instances, the least recently used first, and what they use. Links stand on the instances: every step is O(1). */
export class IdleList<M, I> {
  #first: Held<M, I> | undefined;
  #last: Held<M, I> | undefined;
  #count = 0;
  #bytes = 0;

  get first(): Held<M, I> | undefined {
    return this.#first;
  }

  get count(): number {
    return this.#count;
  }

  get bytes(): number {
    return this.#bytes;
  }

  append(held: Held<M, I>): void {
    held.isIdle = true;
    held.previous = this.#last;
    if (this.#last === undefined) this.#first = held;
    else this.#last.next = held;
    this.#last = held;
    this.#count += 1;
    this.#bytes += held.bytes;
  }

  remove(held: Held<M, I>): void {
    const { previous, next } = held;
    if (previous === undefined) this.#first = next;
    else previous.next = next;
    if (next === undefined) this.#last = previous;
    else next.previous = previous;
    held.isIdle = false;
    held.previous = undefined;
    held.next = undefined;
    this.#count -= 1;
    this.#bytes -= held.bytes;
  }
}
