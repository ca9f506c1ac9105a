/**
 * The allocator of bytecodealliance/wasmtime#5661 in plain arrays, to compare with: its three cases,
 * without a thought for speed.
 */
export class UpstreamAllocator {
  /** Unused warm slots with the key of their last use, the least recently used first. */
  readonly warm: { slot: number; key: string | undefined }[] = [];
  readonly used = new Map<number, string | undefined>();
  lastCold = 0;

  constructor(readonly capacity: number, readonly maxUnusedWarmSlots: number) {}

  alloc(key?: string): number | undefined {
    const slot = this.#affine(key) ?? (this.warm.length < this.maxUnusedWarmSlots
      ? this.#coldest() ?? this.warm.shift()?.slot
      : this.warm.shift()?.slot ?? this.#coldest());
    if (slot !== undefined) this.used.set(slot, key);
    return slot;
  }

  allocAffineAndClearAffinity(key: string): number | undefined {
    const slot = this.#affine(key);
    if (slot !== undefined) this.used.set(slot, undefined);
    return slot;
  }

  free(slot: number): void {
    this.warm.push({ slot, key: this.used.get(slot) });
    this.used.delete(slot);
  }

  #affine(key: string | undefined): number | undefined {
    const place = key === undefined ? -1 : this.warm.findLastIndex((each) => each.key === key);
    return place < 0 ? undefined : this.warm.splice(place, 1)[0]?.slot;
  }

  #coldest(): number | undefined {
    return this.lastCold < this.capacity ? this.lastCold++ : undefined;
  }
}
