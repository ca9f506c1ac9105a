import { setImmediate as turn } from 'node:timers/promises';
import type { SpillwayError } from '../../lib/errors';
import { WarmPool, type CreateRequest, type Lease, type ResetRequest, type WarmPoolOptions } from '../../lib/pool';
import { FakeClock } from '../support/fixture-pool';

export const settle = (): Promise<void> => turn();

export interface Thing {
  id: number;
  /** All that have used it since it was clean. */
  traces: string[];
  /** What it is measured as. */
  bytes: number;
  healthy: boolean;
  destroyed: boolean;
  /** Tells the pool that it has ended. */
  lost: () => void;
}

/** What a pool calls; tests replace parts of it. */
export class FakeHooks {
  readonly calls: string[] = [];
  readonly things: Thing[] = [];
  /** Numbers of those that are not destroyed, in order of creation. */
  readonly living = new Set<number>();
  thingBytes = 10;
  /** Called before each answer, with the hook's name: it may throw, or hang. */
  before: (hook: string) => unknown = () => undefined;
  /** Those that were asked for and are not destroyed, and how many they have ever been. */
  held = 0;
  peak = 0;

  async create({ key, lost }: CreateRequest<string>): Promise<Thing> {
    this.calls.push(`create ${key}`);
    this.held += 1;
    this.peak = Math.max(this.peak, this.held);
    try {
      await this.before('create');
    } catch (error) {
      this.held -= 1;
      throw error;
    }
    const thing = { id: this.things.length, traces: [key], bytes: this.thingBytes, healthy: true, destroyed: false, lost };
    this.things.push(thing);
    this.living.add(thing.id);
    return thing;
  }

  async reset(thing: Thing, { key, previousKey }: ResetRequest<string>): Promise<unknown> {
    this.calls.push(`reset ${thing.id} ${previousKey} ${key}`);
    await this.before('reset');
    thing.traces = [key];
    return undefined;
  }

  async check(thing: Thing): Promise<boolean> {
    this.calls.push(`check ${thing.id}`);
    await this.before('check');
    return thing.healthy;
  }

  measure(thing: Thing): number {
    this.before('measure');
    return thing.bytes;
  }

  async destroy(thing: Thing): Promise<void> {
    this.calls.push(`destroy ${thing.id}`);
    if (thing.destroyed) throw new Error('destroyed twice');
    thing.destroyed = true;
    this.living.delete(thing.id);
    try {
      await this.before('destroy');
    } finally {
      this.held -= 1;
    }
  }

  get alive(): number {
    return this.living.size;
  }
}

type HookName = 'reset' | 'check' | 'measure' | 'destroy';

/** A pool with hooks and a time of its own. */
export class WarmWorld {
  readonly clock = new FakeClock();
  readonly hooks = new FakeHooks();
  readonly degraded: SpillwayError[] = [];
  readonly pool: WarmPool<Thing, string>;
  /** Runs one period, if the timer runs. */
  tick: (() => void) | undefined;

  constructor(options: Partial<WarmPoolOptions<Thing, string>> = {}, uses: readonly HookName[] = ['measure', 'destroy']) {
    const { hooks } = this;
    this.pool = new WarmPool<Thing, string>({
      create: (request) => hooks.create(request),
      ...(uses.includes('reset') && { reset: (thing: Thing, request: ResetRequest<string>) => hooks.reset(thing, request) }),
      ...(uses.includes('check') && { check: (thing: Thing) => hooks.check(thing) }),
      ...(uses.includes('measure') && { measure: (thing: Thing) => hooks.measure(thing) }),
      ...(uses.includes('destroy') && { destroy: (thing: Thing) => hooks.destroy(thing) }),
      capacity: 4,
      clock: this.clock,
      every: (_, tick) => {
        this.tick = tick;
        return { ref: () => undefined, unref: () => undefined, stop: () => (this.tick = undefined) };
      },
      ...options,
    });
    this.pool.on('degraded', (error) => this.degraded.push(error));
  }

  /** Takes each and gives it back at once. Returns the things. */
  async use(...keys: string[]): Promise<Thing[]> {
    const things: Thing[] = [];
    for (const key of keys) {
      const lease = await this.pool.acquire(key);
      things.push(lease.resource);
      lease.release();
      await settle();
    }
    return things;
  }

  async acquireAll(...keys: string[]): Promise<Lease<Thing>[]> {
    return Promise.all(keys.map((key) => this.pool.acquire(key)));
  }

  async pass(ms: number): Promise<void> {
    this.clock.advance(ms);
    this.tick?.();
    await settle();
  }

  /** What must hold whenever nothing is under way. */
  check(): void {
    const { hooks, pool: { stats } } = this;
    expect(hooks.peak).toBeLessThanOrEqual(stats.capacity);
    expect([stats.preparing, stats.ending, stats.overdueHooks]).toEqual([0, 0, 0]);
    expect(stats.leased + stats.idle).toBe(hooks.alive);
  }
}

/** What a promise is rejected with. */
export async function rejection(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(() => { throw new Error('expected a rejection'); }, (error: unknown) => error);
}

/** Lets a test open it later. */
export function gate(): { open: () => void; opened: Promise<void> } {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { open, opened };
}

export const nothing = { leased: 0, preparing: 0, ending: 0, idle: 0, idleBytes: 0, waiting: 0 };
