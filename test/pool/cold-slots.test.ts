import { ColdSlots } from '../../lib/pool/cold-slots';
import { none } from '../../lib/pool/index-lists';
import { random } from '../support/random';

describe('ColdSlots', () => {
  it.each([1, 2, 31, 32, 33, 1024, 1025, 40_000])('of %d slots each comes once, the lowest first, then none', (capacity) => {
    const slots = new ColdSlots(capacity);
    const all = Array.from({ length: capacity }, (_, slot) => slot);
    expect(all.map(() => slots.take())).toEqual(all);
    expect(slots.take()).toBe(none);
    for (const slot of all.toReversed()) slots.add(slot);
    expect(all.map(() => slots.take())).toEqual(all);
    expect(slots.take()).toBe(none);
  });

  it('those that came back go before those that were never taken', () => {
    const slots = new ColdSlots(100);
    for (let slot = 0; slot < 50; slot += 1) slots.take();
    for (const slot of [40, 3, 32]) slots.add(slot);
    expect([slots.take(), slots.take(), slots.take(), slots.take()]).toEqual([3, 32, 40, 50]);
  });

  it.each([33, 5000, 2 ** 21])('of %d slots it always gives the lowest, whatever comes back', (capacity) => {
    const next = random(capacity);
    const slots = new ColdSlots(capacity);
    const taken: number[] = [];
    const cold = new Set<number>();
    let frontier = 0;
    for (let step = 0; step < 2000; step += 1) {
      if (taken.length > 0 && next() < 0.45) {
        const [slot] = taken.splice(Math.floor(next() * taken.length), 1) as [number];
        slots.add(slot);
        cold.add(slot);
        continue;
      }
      const lowest = cold.size > 0 ? Math.min(...cold) : frontier < capacity ? frontier++ : none;
      expect(slots.take()).toBe(lowest);
      cold.delete(lowest);
      if (lowest !== none) taken.push(lowest);
    }
  });
});
