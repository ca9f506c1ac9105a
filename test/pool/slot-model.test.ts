import fc from 'fast-check';
import { SlotAllocator } from '../../lib/pool';
import { random } from '../support/random';
import { trials } from '../support/trials';
import { PlainAllocator } from './plain-allocator';
import { UpstreamAllocator } from './upstream-allocator';

const steps = trials(20_000, 1_000_000);

/** Without expect(): a million of these are counted in seconds. */
function same(got: unknown, wanted: unknown, what: string): void {
  if (got !== wanted) expect({ what, got }).toEqual({ what, got: wanted });
}

describe("with none of the additions it chooses as the allocator of Wasmtime's #5661", () => {
  it.each([[1, 0], [1, 1], [2, 1], [10, 2], [40, 0], [40, 10], [40, 100], [300, 100]])(
    `capacity %d, N = %d: the same slots over ${steps} random steps, and no more touched than the bound`, (capacity, maxUnusedWarmSlots) => {
      const next = random(capacity * 1000 + maxUnusedWarmSlots);
      const slots = new SlotAllocator<string>({ capacity, maxUnusedWarmSlots });
      const upstream = new UpstreamAllocator(capacity, maxUnusedWarmSlots);
      const used: number[] = [];
      let peak = 0;
      for (let step = 0; step < steps; step += 1) {
        // Swings between nearly empty and nearly full.
        const mood = 0.5 + 0.35 * Math.sin(step / 500);
        const key = next() < 0.1 ? undefined : `key ${Math.floor(next() ** 2 * 12)}`;
        const dice = next();
        if (dice < 0.03 && key !== undefined) {
          const slot = slots.allocAffineAndClearAffinity(key);
          same(slot, upstream.allocAffineAndClearAffinity(key), `forced at ${step}`);
          if (slot !== undefined) used.push(slot);
        } else if (dice < mood) {
          const slot = slots.alloc(key)?.slot;
          same(slot, upstream.alloc(key), `alloc at ${step}`);
          if (slot !== undefined) used.push(slot);
        } else if (used.length > 0) {
          const [slot] = used.splice(Math.floor(next() * used.length), 1) as [number];
          slots.free(slot);
          upstream.free(slot);
        }
        peak = Math.max(peak, used.length);
        if (step % 100 !== 0) continue;
        const { touched, inUse, unusedWarm } = slots.stats;
        same(touched, upstream.lastCold, `touched at ${step}`);
        same(inUse + unusedWarm, touched, `sum at ${step}`);
        expect(touched).toBeLessThanOrEqual(Math.min(capacity, peak + Math.max(maxUnusedWarmSlots - 1, 0)));
      }
    });
});

type Step =
  | { do: 'alloc' | 'start'; key: string | undefined }
  | { do: 'free'; pick: number; bytes: number }
  | { do: 'discard' | 'started' | 'startFailed'; pick: number }
  | { do: 'clear' | 'purge'; key: string }
  | { do: 'trimCount' | 'trimBytes' | 'trimIdle' | 'oldest'; amount: number }
  | { do: 'pass'; ms: number };

/** One step on both; what they answer. */
class Pair {
  nowMs = 0;
  readonly slots: SlotAllocator<string>;
  readonly plain: PlainAllocator;

  constructor(readonly capacity: number, maxSlots: number, maxBytes: number) {
    this.slots = new SlotAllocator({ capacity, maxUnusedWarmSlots: maxSlots, maxUnusedWarmBytes: maxBytes, clock: { now: () => this.nowMs } });
    this.plain = new PlainAllocator(capacity, maxSlots, maxBytes);
  }

  step(step: Step): [unknown, unknown] {
    const { slots, plain } = this;
    switch (step.do) {
      case 'alloc': return [slots.alloc(step.key), plain.take(step.key, false)];
      case 'start': return [slots.start(step.key), plain.take(step.key, true)];
      case 'clear': return [slots.allocAffineAndClearAffinity(step.key), plain.clear(step.key)];
      case 'purge': return [slots.purge(step.key), plain.purge(step.key)];
      case 'trimCount': return [slots.trim({ count: step.amount }), plain.trim((count) => count >= step.amount)];
      case 'trimBytes': return [slots.trim({ bytes: step.amount }), plain.trim((_, bytes) => bytes >= step.amount)];
      case 'trimIdle': return [slots.trim({ idleMs: step.amount }), plain.trim((_, __, next) => this.nowMs - next.freedAtMs < step.amount)];
      case 'oldest': return [slots.allocOldest(step.amount), plain.takeOldest((next) => step.amount === 0 || this.nowMs - next.freedAtMs >= step.amount)];
      case 'pass': return [(this.nowMs += step.ms), this.nowMs];
      case 'free': return this.#on(this.#held(false), step.pick, (slot) => {
        slots.free(slot, { residentBytes: step.bytes });
        plain.free(slot, step.bytes, this.nowMs);
      });
      case 'discard': return this.#on([...this.#held(false), ...plain.warm.map(({ slot }) => slot)], step.pick, (slot) => {
        slots.discard(slot);
        plain.discard(slot);
      });
      case 'started': return this.#on(this.#held(true), step.pick, (slot) => {
        slots.started(slot);
        const held = plain.held.get(slot);
        if (held !== undefined) held.starting = false;
      });
      case 'startFailed': return this.#on(this.#held(true), step.pick, (slot) => {
        slots.startFailed(slot);
        plain.discard(slot);
      });
    }
  }

  check(): void {
    const { slots: { stats }, plain } = this;
    expect(stats).toMatchObject({
      inUse: this.#held(false).length, starting: this.#held(true).length, unusedWarm: plain.warm.length, unusedWarmBytes: plain.warmBytes,
      touched: this.capacity - plain.cold.length,
    });
  }

  #held(starting: boolean): number[] {
    return [...this.plain.held].filter(([, held]) => held.starting === starting).map(([slot]) => slot);
  }

  #on(candidates: readonly number[], pick: number, action: (slot: number) => void): [unknown, unknown] {
    const slot = candidates[pick % Math.max(candidates.length, 1)];
    if (slot !== undefined) action(slot);
    return [slot, slot];
  }
}

describe('with all of them it does as plain arrays do', () => {
  const key = fc.constantFrom('a', 'b', 'c', 'd');
  const step: fc.Arbitrary<Step> = fc.oneof(
    { weight: 8, arbitrary: fc.record({ do: fc.constantFrom('alloc', 'start'), key: fc.option(key, { nil: undefined }) }) },
    { weight: 5, arbitrary: fc.record({ do: fc.constant('free'), pick: fc.nat(), bytes: fc.nat(100) }) },
    { weight: 4, arbitrary: fc.record({ do: fc.constantFrom('discard', 'started', 'startFailed'), pick: fc.nat() }) },
    fc.record({ do: fc.constantFrom('clear', 'purge'), key }),
    fc.record({ do: fc.constantFrom('trimCount', 'trimBytes', 'trimIdle', 'oldest'), amount: fc.nat(200) }),
    fc.record({ do: fc.constant('pass'), ms: fc.nat(100) }),
  );

  it('for any steps', () => {
    fc.assert(fc.property(fc.integer({ min: 1, max: 8 }), fc.nat(9), fc.nat(300), fc.array(step, { maxLength: 80 }), (capacity, maxSlots, maxBytes, all) => {
      const pair = new Pair(capacity, maxSlots, maxBytes);
      for (const each of all) {
        const [got, wanted] = pair.step(each);
        expect([each, got]).toEqual([each, wanted]);
        pair.check();
      }
    }), { numRuns: 150 });
  });

  it(`over ${steps} seeded steps`, () => {
    const next = random(5);
    const pair = new Pair(120, 30, 4000);
    const upTo = (limit: number): number => Math.floor(next() * limit);
    for (let count = 0; count < steps; count += 1) {
      const dice = next();
      const name = `key ${upTo(25)}`;
      const each: Step = dice < 0.3 ? { do: 'alloc', key: name }
        : dice < 0.45 ? { do: 'start', key: next() < 0.2 ? undefined : name }
        : dice < 0.75 ? { do: 'free', pick: upTo(1000), bytes: upTo(300) }
        : dice < 0.9 ? { do: 'started', pick: upTo(1000) }
        : dice < 0.93 ? { do: 'startFailed', pick: upTo(1000) }
        : dice < 0.95 ? { do: 'discard', pick: upTo(1000) }
        : dice < 0.97 ? { do: next() < 0.5 ? 'clear' : 'purge', key: name }
        : dice < 0.98 ? { do: (['trimCount', 'trimBytes', 'trimIdle', 'oldest'] as const)[upTo(4)] ?? 'trimIdle', amount: upTo(50) }
        : { do: 'pass', ms: upTo(10) };
      const [got, wanted] = pair.step(each);
      if (JSON.stringify(got) !== JSON.stringify(wanted)) expect([count, each, got]).toEqual([count, each, wanted]);
      if (count % 500 === 0) pair.check();
    }
    pair.check();
  });
});
