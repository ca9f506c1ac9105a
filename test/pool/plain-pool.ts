import { there } from '../support/there';
import { PlainAllocator } from './plain-allocator';

interface PlainThing { id: number; key: string; bytes: number; uses: number; bornAtMs: number }
export interface PlainLease { slot: number; id: number; outcome: string }

export interface PlainOptions { capacity: number; maxSlots: number; maxIdleBytes: number; maxResourceBytes: number; maxUses: number; maxAgeMs: number; resets: boolean }

/** All that a `WarmPool` does, in plain arrays and without any waiting for hooks, to compare with. */
export class PlainPool {
  readonly slots: PlainAllocator;
  readonly things = new Map<number, PlainThing>();
  line: number[] = [];
  /** By the number of the request. */
  readonly leases = new Map<number, PlainLease>();
  readonly rejected: number[] = [];
  readonly ended: Record<string, number> = {};
  readonly keys: string[] = [];
  made = 0;
  nowMs = 0;
  /** The hook whose next call fails. */
  fails: string | undefined;

  constructor(readonly options: PlainOptions) {
    this.slots = new PlainAllocator(options.capacity, options.maxSlots, Infinity);
  }

  acquire(key: string): void {
    this.line.push(this.keys.push(key) - 1);
    this.#serve();
  }

  abort(request: number): void {
    this.line = this.line.filter((each) => each !== request);
  }

  giveBack(request: number, bytes: number, isCorrupt: boolean): void {
    const { slot } = there(this.leases.get(request));
    const thing = there(this.things.get(slot));
    this.leases.delete(request);
    const { maxUses, maxResourceBytes, maxIdleBytes } = this.options;
    const reason = isCorrupt ? 'discarded' : this.#failed('measure') ? 'failed' : thing.uses >= maxUses ? 'worn' : this.#aged(thing) ? 'aged' : bytes > maxResourceBytes ? 'oversize' : undefined;
    if (reason !== undefined) {
      this.#end(slot, reason);
      this.slots.discard(slot);
    } else {
      thing.bytes = bytes;
      while (this.slots.warmBytes + bytes > maxIdleBytes) this.#evict('bytes');
      this.slots.free(slot, bytes, this.nowMs);
    }
    this.#serve();
  }

  /** Whose destroy() fails frees nothing. */
  trim(wantedBytes: number): number {
    let freedBytes = 0;
    while (freedBytes < wantedBytes && this.slots.warm.length > 0) {
      for (let planned = freedBytes; planned < wantedBytes && this.slots.warm.length > 0;) {
        const { bytes } = there(this.slots.warm[0]);
        planned += bytes;
        if (this.#evict('trimmed')) freedBytes += bytes;
      }
    }
    return freedBytes;
  }

  sweep(idleMs: number): void {
    while (this.slots.warm[0] !== undefined && this.slots.warm[0].freedAtMs <= this.nowMs - idleMs) this.#evict('idle');
  }

  #serve(): void {
    for (let request = this.line[0]; request !== undefined; request = this.line[0]) {
      const key = there(this.keys[request]);
      const grant = this.slots.take(key, false);
      if (grant === undefined) return;
      this.line.shift();
      const lease = this.#prepare(grant.slot, grant.outcome, key);
      if (lease === undefined) {
        this.slots.discard(grant.slot);
        this.rejected.push(request);
      } else this.leases.set(request, lease);
    }
  }

  #prepare(slot: number, outcome: string, key: string): PlainLease | undefined {
    const thing = this.things.get(slot);
    let how = 'created';
    if (thing !== undefined) {
      const reason = this.#aged(thing) ? 'aged' : outcome === 'affine' ? undefined : !this.options.resets ? 'stolen' : this.#failed('reset') ? 'failed' : undefined;
      if (reason !== undefined) this.#end(slot, reason);
      else how = outcome === 'affine' ? 'hit' : 'reset';
    }
    if (how === 'created') {
      if (this.#failed('create')) return undefined;
      this.things.set(slot, { id: this.made++, key, bytes: 0, uses: 0, bornAtMs: this.nowMs });
    }
    const mine = there(this.things.get(slot));
    mine.key = key;
    mine.uses += 1;
    return { slot, id: mine.id, outcome: how };
  }

  #evict(reason: string): boolean {
    const { slot } = there(this.slots.warm[0]);
    this.slots.discard(slot);
    return this.#end(slot, reason);
  }

  #end(slot: number, reason: string): boolean {
    this.things.delete(slot);
    this.ended[reason] = (this.ended[reason] ?? 0) + 1;
    return !this.#failed('destroy');
  }

  #aged(thing: PlainThing): boolean {
    return this.nowMs - thing.bornAtMs > this.options.maxAgeMs;
  }

  #failed(hook: string): boolean {
    if (this.fails !== hook) return false;
    this.fails = undefined;
    return true;
  }
}
