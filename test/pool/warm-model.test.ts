import type { Lease } from '../../lib/pool';
import { random } from '../support/random';
import { there } from '../support/there';
import { trials } from '../support/trials';
import { PlainPool, type PlainOptions } from './plain-pool';
import { settle, WarmWorld, type Thing } from './warm-world';

const steps = trials(1000, 50_000);

/** One pool and one in plain arrays, which do the same. */
class Pair {
  readonly world: WarmWorld;
  readonly plain: PlainPool;
  readonly leases = new Map<number, Lease<Thing>>();
  readonly rejected: number[] = [];
  readonly #stops = new Map<number, AbortController>();

  constructor(options: PlainOptions) {
    const { capacity, maxSlots, maxIdleBytes, maxResourceBytes, maxUses, maxAgeMs, resets } = options;
    this.plain = new PlainPool(options);
    this.world = new WarmWorld({ capacity, maxUnusedWarmSlots: maxSlots, maxIdleBytes, maxResourceBytes, maxUses, maxAgeMs, idleTimeoutMs: 100 },
      resets ? ['reset', 'measure', 'destroy'] : ['measure', 'destroy']);
    this.plain.nowMs = this.world.clock.now();
  }

  /** The first call of that hook in this step fails, in both. */
  fail(hook: string | undefined): void {
    this.plain.fails = hook;
    let left = 1;
    this.world.hooks.before = (name) => { if (name === hook && left-- > 0) throw new Error('no'); };
  }

  async acquire(key: string): Promise<void> {
    const request = this.plain.keys.length;
    const stop = new AbortController();
    this.#stops.set(request, stop);
    this.plain.acquire(key);
    this.world.pool.acquire(key, { signal: stop.signal }).then((lease) => this.leases.set(request, lease), (error: unknown) => {
      if (error !== 'stop') this.rejected.push(request);
    });
    await settle();
  }

  async abort(request: number): Promise<void> {
    this.plain.abort(request);
    this.#stops.get(request)?.abort('stop');
    await settle();
  }

  async giveBack(request: number, bytes: number, isCorrupt: boolean): Promise<void> {
    const lease = there(this.leases.get(request));
    this.leases.delete(request);
    lease.resource.bytes = bytes;
    this.plain.giveBack(request, bytes, isCorrupt);
    if (isCorrupt) lease.discard();
    else lease.release();
    await settle();
  }

  async trim(bytes: number): Promise<void> {
    expect(await this.world.pool.trim(bytes)).toBe(this.plain.trim(bytes));
  }

  async pass(ms: number): Promise<void> {
    this.plain.nowMs += ms;
    const { tick } = this.world;
    await this.world.pass(ms);
    if (tick !== undefined) this.plain.sweep(100);
  }

  compare(step: number): void {
    const { plain, world: { pool: { stats }, hooks } } = this;
    const got = {
      leases: [...this.leases].sort(([a], [b]) => a - b).map(([request, { resource, outcome }]) => [request, resource.id, outcome]),
      alive: [...hooks.living],
      rejected: this.rejected,
      sums: [stats.leased, stats.idle, stats.idleBytes, stats.waiting, stats.preparing, stats.ending],
      ended: Object.fromEntries(Object.entries(stats.ended).filter(([, count]) => count > 0).sort()),
    };
    const wanted = {
      leases: [...plain.leases].sort(([a], [b]) => a - b).map(([request, { id, outcome }]) => [request, id, outcome]),
      alive: [...plain.things.values()].map(({ id }) => id).sort((a, b) => a - b),
      rejected: plain.rejected,
      sums: [plain.leases.size, plain.slots.warm.length, plain.slots.warmBytes, plain.line.length, 0, 0],
      ended: Object.fromEntries(Object.entries(plain.ended).sort()),
    };
    if (JSON.stringify(got) !== JSON.stringify(wanted)) expect({ step, ...got }).toEqual({ step, ...wanted });
  }
}

const seen = new Set<string>();

describe(`over ${steps} seeded random steps, some with a hook that fails, it does as plain arrays do`, () => {
  it.each<PlainOptions & { seed: number }>([
    { seed: 1, capacity: 1, maxSlots: 100, maxIdleBytes: 1e6, maxResourceBytes: 1e6, maxUses: Infinity, maxAgeMs: Infinity, resets: false },
    { seed: 2, capacity: 6, maxSlots: 3, maxIdleBytes: 300, maxResourceBytes: 90, maxUses: 5, maxAgeMs: 700, resets: true },
    { seed: 3, capacity: 6, maxSlots: 0, maxIdleBytes: 200, maxResourceBytes: 100, maxUses: 9, maxAgeMs: Infinity, resets: false },
    { seed: 4, capacity: 20, maxSlots: 8, maxIdleBytes: 700, maxResourceBytes: 95, maxUses: Infinity, maxAgeMs: 2000, resets: true },
  ])('%p', async ({ seed, ...options }) => {
    const next = random(seed);
    const upTo = (limit: number): number => Math.floor(next() * limit);
    const pair = new Pair(options);
    const pick = (from: Iterable<number>): number | undefined => { const all = [...from]; return all[upTo(all.length)]; };
    for (let step = 0; step < steps; step += 1) {
      pair.fail(next() < 0.1 ? (['create', 'reset', 'measure', 'destroy'] as const)[upTo(4)] : undefined);
      // Swings between nearly empty and overfull.
      const dice = next() + 0.15 * Math.sin(step / 100);
      const leased = pick(pair.leases.keys());
      const waiting = pick(pair.plain.line);
      if (dice < 0.45) await pair.acquire(`k${upTo(8)}`);
      else if (dice < 0.85) { if (leased !== undefined) await pair.giveBack(leased, upTo(100), next() < 0.1); }
      else if (dice < 0.9) { if (waiting !== undefined) await pair.abort(waiting); }
      else if (dice < 0.95) await pair.trim(upTo(150));
      else await pair.pass(upTo(80));
      pair.compare(step);
    }
    for (const reason of Object.keys(pair.plain.ended)) seen.add(reason);
    pair.fail(undefined);
    await pair.world.pool.close();
    expect(pair.world.pool.stats).toMatchObject({ idle: 0, waiting: 0, leased: pair.leases.size });
    expect(pair.world.clock.waits.size).toBe(0);
  }, 600_000);

  it('and resources ended for every reason that can be', () => {
    expect([...seen].sort()).toEqual(['aged', 'bytes', 'discarded', 'failed', 'idle', 'oversize', 'stolen', 'trimmed', 'worn']);
  });
});
