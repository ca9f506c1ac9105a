import type { Held } from './held';

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

/** The place of the one instance of a name, group and signature. Whoever locked it has it to himself. */
export class Seat<M, I> {
  isLocked = false;
  /** Nobody finds it any more: what comes back to it is not kept. */
  isRemoved = false;
  held: Held<M, I> | undefined;
  line: Line<Seat<M, I>> | undefined;

  constructor(readonly name: string, readonly group: string, readonly signature: string) {}
}

/** Finds seats. Only those that hold an instance, or that somebody has or waits for, are there. */
export class Seats<M, I> {
  readonly #names = new Map<string, Map<string, Map<string, Seat<M, I>>>>();

  /** Makes one where there is none. */
  at(name: string, group: string, signature: string): Seat<M, I> {
    const found = this.#names.get(name)?.get(group)?.get(signature);
    if (found !== undefined) return found;
    const seat = new Seat<M, I>(name, group, signature);
    const groups = this.#names.get(name) ?? new Map<string, Map<string, Seat<M, I>>>();
    const signatures = groups.get(group) ?? new Map<string, Seat<M, I>>();
    this.#names.set(name, groups.set(group, signatures.set(signature, seat)));
    return seat;
  }

  /** All groups' seats of a name, or of one of its signatures. */
  of(name: string, signature: string | undefined): Seat<M, I>[] {
    const seats = Array.from(this.#names.get(name)?.values() ?? []).flatMap((signatures) => [...signatures.values()]);
    return seats.filter((seat) => signature === undefined || seat.signature === signature);
  }

  delete(seat: Seat<M, I>): void {
    const groups = this.#names.get(seat.name);
    const signatures = groups?.get(seat.group);
    if (signatures?.get(seat.signature) !== seat) return;
    signatures.delete(seat.signature);
    if (signatures.size === 0) groups?.delete(seat.group);
    if (groups?.size === 0) this.#names.delete(seat.name);
  }
}
