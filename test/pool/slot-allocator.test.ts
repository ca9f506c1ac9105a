import { SlotAllocator } from '../../lib/pool';

/** The number of the slot alone. */
const slotOf = <K>(slots: SlotAllocator<K>, key?: K): number | undefined => slots.alloc(key)?.slot;

describe("the scenarios of Wasmtime's own tests", () => {
  it('test_next_available_allocation_strategy: without keys and with N = 0, in order and then none', () => {
    for (let capacity = 1; capacity < 20; capacity += 1) {
      const slots = new SlotAllocator({ capacity, maxUnusedWarmSlots: 0 });
      for (let slot = 0; slot < capacity; slot += 1) {
        expect(slots.stats.touched).toBe(slot);
        expect(slotOf(slots)).toBe(slot);
      }
      expect(slotOf(slots)).toBeUndefined();
      expect(slots.stats).toMatchObject({ inUse: capacity, exhausted: 1 });
    }
  });

  it('test_affinity_allocation_strategy: each key gets its own again; one takes all, its own first; the other comes back', () => {
    const slots = new SlotAllocator<string>({ capacity: 100, maxUnusedWarmSlots: 100 });
    expect([slotOf(slots, 'one'), slotOf(slots, 'two')]).toEqual([0, 1]);
    slots.free(0);
    expect(slotOf(slots, 'one')).toBe(0);
    slots.free(1);
    slots.free(0);
    expect(slotOf(slots, 'two')).toBe(1);
    // All are for the taking now, those that are not affine at last.
    const taken = [1];
    for (let grant = slots.alloc('two'); grant !== undefined; grant = slots.alloc('two')) taken.push(grant.slot);
    expect(taken.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, slot) => slot));
    expect(taken.at(-1)).toBe(0);
    expect(slots.allocAffineAndClearAffinity('one')).toBeUndefined();
    slots.free(0);
    expect(slotOf(slots, 'one')).toBe(0);
  });

  it.each([0, 1, 2])('clear_affine: with N = %d, forced affine gives each warm slot of the key once', (maxUnusedWarmSlots) => {
    const slots = new SlotAllocator<string>({ capacity: 100, maxUnusedWarmSlots });
    const taken = [slotOf(slots, 'key') ?? -1, slotOf(slots, 'key') ?? -1];
    for (const slot of taken) slots.free(slot);
    expect(slots.allocAffineAndClearAffinity('key')).toBe(taken[1]);
    expect(slots.allocAffineAndClearAffinity('key')).toBe(taken[0]);
    expect(slots.allocAffineAndClearAffinity('key')).toBeUndefined();
    // Freed, they are nobody's.
    for (const slot of taken) slots.free(slot);
    expect(slots.allocAffineAndClearAffinity('key')).toBeUndefined();
    expect(slots.stats).toMatchObject({ unusedWarm: 2, inUse: 0 });
  });

  it('test_affinity_threshold: steals the least recently used at the threshold, takes cold ones below it', () => {
    const slots = new SlotAllocator<number>({ capacity: 10, maxUnusedWarmSlots: 2 });
    expect([slotOf(slots, 1), slotOf(slots, 2)]).toEqual([0, 1]);
    slots.free(0);
    slots.free(1);
    expect(slots.alloc(3)).toEqual({ slot: 0, outcome: 'steal', previousKey: 1 });
    slots.free(0);
    // Below it while 2 is in use.
    expect(slots.alloc(2)).toEqual({ slot: 1, outcome: 'affine', previousKey: 2 });
    expect(slots.alloc(1)).toEqual({ slot: 2, outcome: 'cold', previousKey: undefined });
    slots.free(1);
    slots.free(2);
    // Three unused ones, all of them affine.
    for (const [key, slot] of [[1, 2], [2, 1], [3, 0]] as const) {
      expect(slotOf(slots, key)).toBe(slot);
      slots.free(slot);
    }
    for (const [key, slot] of [[1, 2], [2, 1], [3, 0]] as const) {
      expect(slotOf(slots, key)).toBe(slot);
    }
    for (const slot of [1, 2, 0]) slots.free(slot);
    // Others take the least recently used until they are below it.
    expect([slotOf(slots, 4), slotOf(slots, 5), slotOf(slots, 6)]).toEqual([1, 2, 3]);
    expect(slotOf(slots, 3)).toBe(0);
  });

  it('sharded_alloc_is_exhaustive_and_unique: each slot once, then none, and all again', () => {
    for (const capacity of [1, 7, 128, 1000]) {
      const slots = new SlotAllocator<number>({ capacity });
      const all = Array.from({ length: capacity }, (_, slot) => slot);
      for (let turn = 0; turn < 3; turn += 1) {
        const taken = all.map((_, place) => slotOf(slots, place % 3) ?? -1);
        expect(taken.toSorted((a, b) => a - b)).toEqual(all);
        expect(slots.alloc(0)).toBeUndefined();
        for (const slot of taken) slots.free(slot);
      }
    }
  });

  it('pooling_config: N may be larger than the pool', () => {
    const slots = new SlotAllocator({ capacity: 2, maxUnusedWarmSlots: 12 });
    slots.free(slotOf(slots, 'a') ?? -1);
    slots.free(slotOf(slots, 'b') ?? -1);
    expect(slots.alloc('c')).toEqual({ slot: 0, outcome: 'steal', previousKey: 'a' });
  });
});

describe('keys', () => {
  it('are compared as in a Map: by identity, NaN equal to itself, null one of them', () => {
    const slots = new SlotAllocator({ capacity: 10 });
    const object = {};
    for (const key of [NaN, null, '', 0, object, Symbol.iterator]) {
      const grant = slots.alloc(key);
      slots.free(grant?.slot ?? -1);
      expect(slots.alloc(key)).toMatchObject({ outcome: 'affine', previousKey: key });
    }
    expect(slots.alloc({})).toMatchObject({ outcome: 'cold' });
  });

  it('a slot without one is affine to nobody', () => {
    const slots = new SlotAllocator<string>({ capacity: 10, maxUnusedWarmSlots: 1 });
    slots.free(slotOf(slots) ?? -1);
    expect(slots.alloc()).toEqual({ slot: 0, outcome: 'steal', previousKey: undefined });
  });

  it('a thousand simultaneous frees leave a thousand warm slots, whatever N is', () => {
    const slots = new SlotAllocator<string>({ capacity: 1000, maxUnusedWarmSlots: 100 });
    for (let count = 0; count < 1000; count += 1) slots.alloc('key');
    for (let slot = 0; slot < 1000; slot += 1) slots.free(slot);
    expect(slots.stats).toMatchObject({ unusedWarm: 1000, touched: 1000, affine: 0, cold: 1000, steal: 0 });
  });
});

it('two grants are two objects, and each holds until its slot is given out again', () => {
  const slots = new SlotAllocator<string>({ capacity: 2 });
  const first = slots.alloc('a');
  const second = slots.alloc('b');
  slots.free(1);
  slots.alloc('b');
  expect(first).toEqual({ slot: 0, outcome: 'cold', previousKey: undefined });
  expect(second).toEqual({ slot: 1, outcome: 'affine', previousKey: 'b' });
});
