import { SlotAllocator, type SlotAllocatorOptions } from '../../lib/pool';

class World {
  nowMs = 1000;
  readonly slots: SlotAllocator<string>;

  constructor(options: Partial<SlotAllocatorOptions> = {}) {
    this.slots = new SlotAllocator({ capacity: 10, clock: { now: () => this.nowMs }, ...options });
  }

  /** Slots that these keys have used, freed in this order. */
  warm(keys: readonly string[], residentBytes = 0): this {
    const grants = keys.map((key) => this.slots.alloc(key));
    for (const grant of grants) this.slots.free(grant?.slot ?? -1, { residentBytes });
    return this;
  }
}

describe('the limit in bytes', () => {
  it('at it the least recently used warm slot is taken, though few are warm', () => {
    const { slots } = new World({ maxUnusedWarmBytes: 100 }).warm(['a', 'b'], 50);
    expect(slots.alloc('c')).toEqual({ slot: 0, outcome: 'steal', previousKey: 'a' });
    // 50 are left.
    expect(slots.alloc('d')).toMatchObject({ slot: 2, outcome: 'cold' });
    expect(slots.stats.unusedWarmBytes).toBe(50);
  });

  it('of 0 steals before anything cold is touched, as N = 0 does', () => {
    const { slots } = new World({ maxUnusedWarmBytes: 0 }).warm(['a']);
    expect(slots.alloc('b')).toMatchObject({ slot: 0, outcome: 'steal' });
    expect(slots.alloc('b')).toMatchObject({ slot: 1, outcome: 'cold' });
  });

  it('takes text, and has no default', () => {
    const { slots } = new World({ maxUnusedWarmBytes: '1KiB' }).warm(['a'], 1024);
    expect(slots.alloc('b')?.outcome).toBe('steal');
    expect(new World().warm(['a'], Number.MAX_SAFE_INTEGER).slots.alloc('b')?.outcome).toBe('cold');
  });

  it('an affine slot is found whatever it is', () => {
    const { slots } = new World({ maxUnusedWarmBytes: 10 }).warm(['a', 'b'], 50);
    expect(slots.alloc('b')).toMatchObject({ slot: 1, outcome: 'affine' });
  });
});

describe('discard', () => {
  it('a freed slot that holds nothing any more is cold, and the next cold one if it is the lowest', () => {
    const { slots } = new World();
    slots.alloc('a');
    slots.alloc('b');
    slots.free(0, { discard: true, residentBytes: 7 });
    expect(slots.stats).toMatchObject({ inUse: 1, unusedWarm: 0, unusedWarmBytes: 0, touched: 1, discarded: 1 });
    expect(slots.alloc('a')).toEqual({ slot: 0, outcome: 'cold', previousKey: undefined });
  });

  it('discard: false is no discard', () => {
    const { slots } = new World();
    slots.alloc('a');
    slots.free(0, { discard: false });
    expect(slots.alloc('a')?.outcome).toBe('affine');
  });

  it('an unused slot whose process died turns cold, and is neither found nor stolen', () => {
    const { slots } = new World().warm(['a', 'a', 'b'], 5);
    slots.discard(1);
    expect(slots.stats).toMatchObject({ unusedWarm: 2, unusedWarmBytes: 10, discarded: 1 });
    expect(slots.alloc('a')?.slot).toBe(0);
    expect(slots.alloc('a')).toMatchObject({ slot: 1, outcome: 'cold' });
  });
});

describe('trim', () => {
  it('by count: the least recently used first; they are cold then, the lowest is taken first', () => {
    const { slots } = new World().warm(['a', 'b', 'c', 'd']);
    slots.alloc('a');
    slots.free(0);
    expect(slots.trim({ count: 3 })).toEqual([1, 2, 3]);
    expect(slots.stats).toMatchObject({ unusedWarm: 1, touched: 1, trimmed: 3, discarded: 0 });
    expect(slots.alloc('d')).toEqual({ slot: 1, outcome: 'cold', previousKey: undefined });
    expect(slots.trim({ count: 10 })).toEqual([0]);
    expect(slots.trim({ count: 10 })).toEqual([]);
    expect([slots.alloc()?.slot, slots.alloc()?.slot, slots.alloc()?.slot, slots.alloc()?.slot]).toEqual([0, 2, 3, 4]);
  });

  it('by bytes: until so many are given back', () => {
    const { slots } = new World().warm(['a', 'b', 'c', 'd'], 10);
    expect(slots.trim({ bytes: 0 })).toEqual([]);
    expect(slots.trim({ bytes: 11 })).toEqual([0, 1]);
    expect(slots.trim({ bytes: '20B' })).toEqual([2, 3]);
    expect(slots.stats.unusedWarmBytes).toBe(0);
  });

  it("by bytes 'max': all", () => {
    expect(new World().warm(['a', 'b']).slots.trim({ bytes: 'max' })).toEqual([0, 1]);
  });

  it('by idle time: those unused for so long, of the injected clock', () => {
    const world = new World().warm(['a']);
    world.nowMs += 400;
    world.slots.alloc('b');
    world.slots.free(1);
    world.nowMs += 600;
    expect(world.slots.trim({ idleMs: 1001 })).toEqual([]);
    expect(world.slots.trim({ idleMs: 1000 })).toEqual([0]);
    expect(world.slots.trim({ idleMs: 0 })).toEqual([1]);
  });

  it('use ends idle time: a slot that was taken in between counts anew', () => {
    const world = new World().warm(['a', 'b']);
    world.nowMs += 900;
    world.slots.alloc('a');
    world.slots.free(0);
    world.nowMs += 100;
    expect(world.slots.trim({ idleMs: 1000 })).toEqual([1]);
  });

  it('a clock that jumps back trims nothing before its time', () => {
    const world = new World().warm(['a']);
    world.nowMs -= 5000;
    expect(world.slots.trim({ idleMs: 1 })).toEqual([]);
    expect(world.slots.trim({ idleMs: 0 })).toEqual([0]);
  });

  it('reaches no slot in use, and none that is starting', () => {
    const { slots } = new World().warm(['a']);
    slots.alloc('a');
    slots.start('b');
    expect(slots.trim({ bytes: 'max' })).toEqual([]);
  });
});

describe('allocOldest', () => {
  it('takes the least recently used, whosever it is; until it is discarded nobody gets it, and then it is cold', () => {
    const { slots } = new World({ maxUnusedWarmSlots: 1 }).warm(['a', 'b'], 5);
    expect(slots.allocOldest()).toBe(0);
    expect(slots.stats).toMatchObject({ inUse: 1, unusedWarm: 1, unusedWarmBytes: 5 });
    expect(slots.alloc('a')).toMatchObject({ slot: 1, outcome: 'steal' });
    expect(slots.allocOldest()).toBeUndefined();
    slots.discard(0);
    expect(slots.alloc('a')).toMatchObject({ slot: 0, outcome: 'cold' });
  });

  it('freed, it belongs to no key', () => {
    const { slots } = new World({ maxUnusedWarmSlots: 1 }).warm(['a']);
    slots.free(slots.allocOldest() ?? -1);
    expect(slots.alloc('a')).toMatchObject({ slot: 0, outcome: 'steal', previousKey: undefined });
  });

  it('only one that was unused for so long', () => {
    const world = new World().warm(['a']);
    world.nowMs += 999;
    expect(world.slots.allocOldest(1000)).toBeUndefined();
    world.nowMs += 1;
    expect(world.slots.allocOldest(1000)).toBe(0);
  });
});

describe('purge', () => {
  it('unused slots of the key stay warm and in their order, and belong to nobody', () => {
    const { slots } = new World({ maxUnusedWarmSlots: 2 }).warm(['a', 'b', 'a'], 5);
    expect(slots.purge('a')).toEqual([0, 2]);
    expect(slots.stats).toMatchObject({ unusedWarm: 3, unusedWarmBytes: 15 });
    expect(slots.alloc('a')).toEqual({ slot: 0, outcome: 'steal', previousKey: undefined });
    expect(slots.alloc('b')).toMatchObject({ slot: 1, outcome: 'affine' });
  });

  it('slots in use lose their key when they are freed; what the key takes later keeps it', () => {
    const { slots } = new World();
    slots.alloc('a');
    expect(slots.purge('a')).toEqual([]);
    expect(slots.alloc('a')).toMatchObject({ slot: 1, outcome: 'cold' });
    slots.free(0);
    slots.free(1);
    expect(slots.alloc('a')).toMatchObject({ slot: 1, outcome: 'affine' });
    expect(slots.alloc('a')).toMatchObject({ slot: 2, outcome: 'cold' });
  });

  it('slots that are starting lose it too', () => {
    const { slots } = new World();
    slots.start('a');
    slots.purge('a');
    slots.started(0);
    slots.free(0);
    expect(slots.allocAffineAndClearAffinity('a')).toBeUndefined();
  });

  it('twice, of a key that is not there, and of no key: nothing', () => {
    const { slots } = new World().warm(['a']);
    slots.alloc('b');
    expect([slots.purge('a'), slots.purge('a'), slots.purge('x'), slots.purge('b'), slots.purge('b')]).toEqual([[0], [], [], [], []]);
    expect(new SlotAllocator({ capacity: 1 }).purge(undefined)).toEqual([]);
  });

  it('more keys come and go than there are slots', () => {
    const { slots } = new World({ capacity: 3 });
    for (let turn = 0; turn < 200; turn += 1) {
      const grant = slots.alloc(`key ${turn}`);
      if (turn % 3 === 0) slots.purge(`key ${turn}`);
      slots.free(grant?.slot ?? -1);
    }
    expect(slots.stats.touched).toBe(3);
    expect(slots.alloc('key 199')?.outcome).toBe('affine');
  });
});

describe('starting', () => {
  it('takes a slot as alloc() does; started, it is in use', () => {
    const { slots } = new World().warm(['a']);
    expect(slots.start('a')).toEqual({ slot: 0, outcome: 'affine', previousKey: 'a' });
    expect(slots.stats).toMatchObject({ starting: 1, inUse: 0, unusedWarm: 0, touched: 1 });
    slots.started(0);
    expect(slots.stats).toMatchObject({ starting: 0, inUse: 1 });
    slots.free(0);
    expect(slots.alloc('a')?.outcome).toBe('affine');
  });

  it('a start that failed frees the slot, cold, whatever it was before', () => {
    const { slots } = new World({ maxUnusedWarmSlots: 1 }).warm(['a'], 5);
    for (const [key, outcome] of [['b', 'steal'], ['b', 'cold'], ['b', 'cold']]) {
      expect(slots.start(key)).toMatchObject({ slot: 0, outcome });
      slots.startFailed(0);
      expect(slots.stats).toMatchObject({ starting: 0, inUse: 0, unusedWarm: 0, unusedWarmBytes: 0, touched: 0 });
    }
    expect(slots.stats.discarded).toBe(3);
  });

  it.each(Array.from({ length: 12 }, (_, k) => k))('the start number %d fails: no slot is lost', (k) => {
    const { slots } = new World({ capacity: 4, maxUnusedWarmSlots: 2 });
    let starts = 0;
    const held: number[] = [];
    for (const key of ['a', 'b', 'a', 'c', 'd', 'b', 'a', 'c', 'c', 'a', 'd', 'b']) {
      if (held.length === 3) slots.free(held.shift() ?? -1, { residentBytes: 10 });
      const { slot } = slots.start(key) ?? { slot: -1 };
      if (starts++ === k) slots.startFailed(slot);
      else {
        slots.started(slot);
        held.push(slot);
      }
    }
    for (const slot of held) slots.free(slot);
    const { touched, inUse, starting, unusedWarm } = slots.stats;
    expect([inUse, starting, touched - unusedWarm]).toEqual([0, 0, 0]);
    expect(new Set([1, 2, 3, 4].map(() => slots.alloc('z')?.slot))).toEqual(new Set([0, 1, 2, 3]));
    expect(slots.alloc('z')).toBeUndefined();
  });
});
