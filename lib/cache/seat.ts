import type { Held } from './held';
import type { Line } from './line';

/** The place of the one instance of a name, group and signature. Whoever locked it has it to himself. */
export class Seat<M, I> {
  isLocked = false;
  /** Nobody finds it any more: what comes back to it is not kept. */
  isRemoved = false;
  held: Held<M, I> | undefined;
  line: Line<Seat<M, I>> | undefined;

  constructor(readonly name: string, readonly group: string, readonly signature: string) {}
}

/** The seats of one name. */
class NamedSeats<M, I> {
  readonly groups = new Map<string, Map<string, Seat<M, I>>>();
  /** The one that was found last: most names have one alone, and it is found without a look at the maps. */
  #latest: Seat<M, I> | undefined;

  find(group: string, signature: string): Seat<M, I> | undefined {
    const latest = this.#latest;
    if (latest?.group === group && latest.signature === signature) return latest;
    const found = this.groups.get(group)?.get(signature);
    if (found !== undefined) this.#latest = found;
    return found;
  }

  add(seat: Seat<M, I>): void {
    const signatures = this.groups.get(seat.group) ?? new Map<string, Seat<M, I>>();
    this.groups.set(seat.group, signatures.set(seat.signature, seat));
  }

  delete(seat: Seat<M, I>): void {
    const signatures = this.groups.get(seat.group);
    if (signatures?.get(seat.signature) !== seat) return;
    if (this.#latest === seat) this.#latest = undefined;
    signatures.delete(seat.signature);
    if (signatures.size === 0) this.groups.delete(seat.group);
  }
}

/** Finds seats. Only those that hold an instance, or that somebody has or waits for, are there. */
export class Seats<M, I> {
  readonly #names = new Map<string, NamedSeats<M, I>>();

  find(name: string, group: string, signature: string): Seat<M, I> | undefined {
    return this.#names.get(name)?.find(group, signature);
  }

  /** Makes one where there is none. */
  at(name: string, group: string, signature: string): Seat<M, I> {
    const found = this.find(name, group, signature);
    if (found !== undefined) return found;
    const seat = new Seat<M, I>(name, group, signature);
    const named = this.#names.get(name) ?? new NamedSeats<M, I>();
    named.add(seat);
    this.#names.set(name, named);
    return seat;
  }

  /** All groups' seats of a name, or of one of its signatures. */
  of(name: string, signature: string | undefined): Seat<M, I>[] {
    const seats = Array.from(this.#names.get(name)?.groups.values() ?? []).flatMap((signatures) => [...signatures.values()]);
    return seats.filter((seat) => signature === undefined || seat.signature === signature);
  }

  delete(seat: Seat<M, I>): void {
    const named = this.#names.get(seat.name);
    named?.delete(seat);
    if (named?.groups.size === 0) this.#names.delete(seat.name);
  }
}
