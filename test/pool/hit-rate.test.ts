import { SlotAllocator } from '../../lib/pool';
import { random } from '../support/random';

/**
 * Wasmtime's test_affinity_allocation_strategy_random: 1,000 slots, ten modules, 100,000 times a coin
 * decides between taking and freeing. What part of the slots taken was last used by the same module.
 */
function hitRate(seed: number, maxUnusedWarmSlots: number, useKeys: boolean): number {
  const next = random(seed);
  const slots = new SlotAllocator<number>({ capacity: 1000, maxUnusedWarmSlots });
  const lastUser = new Map<number, number>();
  const used: number[] = [];
  let taken = 0;
  let hits = 0;
  for (let step = 0; step < 100_000; step += 1) {
    if (next() < 0.5 && used.length > 0) {
      const [slot] = used.splice(Math.floor(next() * used.length), 1) as [number];
      slots.free(slot);
    } else {
      const module = Math.floor(next() * 10);
      const { slot } = (useKeys ? slots.alloc(module) : slots.alloc()) ?? { slot: -1 };
      taken += 1;
      if (lastUser.get(slot) === module) hits += 1;
      lastUser.set(slot, module);
      used.push(slot);
    }
  }
  return hits / taken;
}

describe('test_affinity_allocation_strategy_random', () => {
  it.each([1, 2, 3, 4, 5])('seed %d: at least 0.95 of all slots taken were last used by the same module', (seed) => {
    expect(hitRate(seed, 1000, true)).toBeGreaterThanOrEqual(0.95);
  });

  it.each([1, 2, 3])('control, seed %d: without keys it is chance, about 0.10', (seed) => {
    const rate = hitRate(seed, 1000, false);
    expect(rate).toBeGreaterThan(0.08);
    expect(rate).toBeLessThan(0.12);
  });
});
