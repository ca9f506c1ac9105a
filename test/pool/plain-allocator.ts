import type { SlotGrant } from '../../lib/pool';

interface Warm { slot: number; key: string | undefined; bytes: number; freedAtMs: number }
interface Held { key: string | undefined; starting: boolean }

/** All that `SlotAllocator` does, in plain arrays, to compare with. */
export class PlainAllocator {
  readonly cold: number[];
  /** The least recently used first. */
  warm: Warm[] = [];
  readonly held = new Map<number, Held>();

  constructor(capacity: number, readonly maxSlots: number, readonly maxBytes: number) {
    this.cold = Array.from({ length: capacity }, (_, slot) => slot);
  }

  get warmBytes(): number {
    return this.warm.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  take(key: string | undefined, starting: boolean): SlotGrant<string> | undefined {
    const affine = key === undefined ? undefined : this.warm.findLast((each) => each.key === key);
    const belowLimits = this.warm.length < this.maxSlots && this.warmBytes < this.maxBytes;
    const fresh = affine === undefined && (belowLimits || this.warm.length === 0) ? this.cold.shift() : undefined;
    const stolen = affine === undefined && fresh === undefined ? this.warm[0] : undefined;
    const slot = affine?.slot ?? fresh ?? stolen?.slot;
    if (slot === undefined) return undefined;
    this.warm = this.warm.filter((each) => each.slot !== slot);
    this.held.set(slot, { key, starting });
    return { slot, outcome: affine ? 'affine' : fresh !== undefined ? 'cold' : 'steal', previousKey: affine?.key ?? stolen?.key };
  }

  clear(key: string): number | undefined {
    const affine = this.warm.findLast((each) => each.key === key);
    if (affine === undefined) return undefined;
    this.warm = this.warm.filter((each) => each !== affine);
    this.held.set(affine.slot, { key: undefined, starting: false });
    return affine.slot;
  }

  takeOldest(enough: (next: Warm) => boolean): number | undefined {
    const [oldest] = this.warm;
    if (oldest === undefined || !enough(oldest)) return undefined;
    this.warm.shift();
    this.held.set(oldest.slot, { key: undefined, starting: false });
    return oldest.slot;
  }

  free(slot: number, bytes: number, freedAtMs: number): void {
    this.warm.push({ slot, key: this.held.get(slot)?.key, bytes, freedAtMs });
    this.held.delete(slot);
  }

  discard(slot: number): void {
    this.held.delete(slot);
    this.warm = this.warm.filter((each) => each.slot !== slot);
    this.#chill([slot]);
  }

  purge(key: string): number[] {
    const slots = this.warm.filter((each) => each.key === key);
    for (const each of [...slots, ...this.held.values()]) if (each.key === key) each.key = undefined;
    return slots.map(({ slot }) => slot);
  }

  trim(enough: (count: number, bytes: number, next: Warm) => boolean): number[] {
    const slots: number[] = [];
    let bytes = 0;
    for (let next = this.warm[0]; next !== undefined && !enough(slots.length, bytes, next); next = this.warm[0]) {
      bytes += next.bytes;
      slots.push(next.slot);
      this.warm.shift();
    }
    this.#chill(slots);
    return slots;
  }

  #chill(slots: readonly number[]): void {
    this.cold.push(...slots);
    this.cold.sort((a, b) => a - b);
  }
}
