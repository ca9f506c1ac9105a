import { LRUCache } from 'lru-cache';
import { random } from '../support/random';
import { rejection, settle, World } from './world';

describe('hits and misses', () => {
  it('the second one gets what the first one gave back; each is one or the other', async () => {
    const world = new World();
    const [first, second] = await world.use('f', 'f');
    expect(second).toBe(first);
    expect(world.cache.stats).toMatchObject({ hits: 1, misses: 1, idle: 1, idleBytes: 10, modules: 1, moduleBytes: 100, leased: 0 });
    expect(world.loader.calls).toEqual(['source f', 'compile f', 'instantiate f', 'measure f', 'measure f', 'measure f']);
  });

  it('one instance for each name, group and signature; groups share the code', async () => {
    const { cache, loader } = new World();
    const wishes = [{}, { group: 'g' }, { signature: 's' }, { group: 'g', signature: 's' }, { group: 's' }, { signature: 'g' }];
    for (const wish of wishes) (await cache.acquire('f', wish)).release();
    for (const wish of wishes) (await cache.acquire('f', wish)).release();
    expect(new Set(loader.things.map(({ id }) => id)).size).toBe(6);
    expect(cache.stats).toMatchObject({ hits: 6, misses: 6, idle: 6, modules: 3 });
  });

  it('test_UDA: calls that let memory grow: hits and misses are all the calls, and the limit drops it every so often', async () => {
    const page = 65_536;
    const { cache } = new World({ maxInstanceBytes: 16 * page, maxIdleBytes: 64 * page });
    for (let call = 0; call < 100; call += 1) {
      const lease = await cache.acquire('f');
      lease.instance.bytes += 2 * page;
      lease.release();
    }
    const { hits, misses, evictions } = cache.stats;
    // Begun with 10 bytes: at the eighth growth it is beyond 16 pages.
    expect([hits + misses, misses, evictions.oversize]).toEqual([100, 13, 12]);
  });

  it('test_mem_grow: what grew is measured again, others make room, what is too large is not kept, and in the end nothing is', async () => {
    const world = new World({ maxIdleBytes: 100, maxInstanceBytes: 60, idleTimeoutMs: 5000 });
    const grown = async (name: string, bytes: number) => {
      const lease = await world.cache.acquire(name);
      lease.instance.bytes = bytes;
      lease.release();
      return world.cache.stats.idleBytes;
    };
    expect([await grown('a', 50), await grown('b', 50), await grown('c', 30), await grown('b', 61), await grown('c', 40)]).toEqual([50, 100, 80, 30, 40]);
    expect(world.cache.stats.evictions).toMatchObject({ bytes: 1, oversize: 1 });
    world.pass(5000);
    world.pass(5000);
    expect(world.cache.stats).toMatchObject({ idle: 0, idleBytes: 0, modules: 0, moduleBytes: 0 });
    expect(world.loader.alive).toBe(0);
  });

  it('test_drop: ten functions are there after use, and none after they are removed', async () => {
    const { cache, loader } = new World();
    const names = Array.from({ length: 10 }, (_, n) => `f${n}`);
    for (const name of names) (await cache.acquire(name, { group: 'g' })).release();
    expect(cache.stats.idle).toBe(10);
    for (const name of names) cache.remove(name);
    expect(cache.stats).toMatchObject({ idle: 0, modules: 0, idleBytes: 0, moduleBytes: 0, evictions: { removed: 10 } });
    expect(loader.alive).toBe(0);
  });

  it('test_short_ints: a name made anew, or with another signature, never gets the old instance', async () => {
    const { cache, loader } = new World();
    const seen = new Set<unknown>();
    for (let turn = 0; turn < 100; turn += 1) {
      const lease = await cache.acquire('f', { signature: turn % 2 === 0 ? 'int' : 'short' });
      expect(seen.has(lease.instance.code)).toBe(false);
      seen.add(lease.instance.code);
      lease.release();
      cache.remove('f', { signature: turn % 2 === 0 ? 'int' : 'short' });
    }
    expect(loader.alive).toBe(0);
  });
});

describe('the lock', () => {
  it('one at a time, first come, first served; a wait is counted and timed', async () => {
    const { cache, clock } = new World();
    const first = await cache.acquire('f');
    const order: number[] = [];
    const others = [1, 2, 3].map(async (n) => {
      const lease = await cache.acquire('f');
      order.push(n);
      return lease;
    });
    await settle();
    clock.advance(7);
    expect(cache.stats).toMatchObject({ blocks: 3, waiting: 3, leased: 1 });
    first.release();
    for (const [place, other] of others.entries()) {
      const lease = await other;
      expect(order).toEqual([1, 2, 3].slice(0, place + 1));
      expect(lease.isHit).toBe(true);
      lease.release();
    }
    expect(cache.stats).toMatchObject({ hits: 3, misses: 1, waiting: 0, waitMs: 21, idle: 1, leased: 0 });
  });

  it('who is aborted, or too late, leaves the line with neither timer nor listener', async () => {
    const { cache, clock } = new World();
    const first = await cache.acquire('f');
    const controller = new AbortController();
    const removed = jest.spyOn(controller.signal, 'removeEventListener');
    const aborted = rejection(cache.acquire('f', { signal: controller.signal }));
    const late = rejection(cache.acquire('f', { timeoutMs: 50 }));
    const last = cache.acquire('f');
    await settle();
    controller.abort('changed my mind');
    clock.advance(50);
    expect(await aborted).toBe('changed my mind');
    expect(await late).toMatchObject({ code: 'ERR_SPILLWAY_TIMEOUT' });
    first.release();
    (await last).release();
    expect(removed).toHaveBeenCalled();
    expect([clock.waits.size, cache.stats.waiting]).toEqual([0, 0]);
  });

  it('a full line turns away', async () => {
    const { cache } = new World({ maxWaiting: 1 });
    const first = await cache.acquire('f');
    const second = cache.acquire('f');
    expect(await rejection(cache.acquire('f'))).toMatchObject({ code: 'ERR_SPILLWAY_QUEUE_FULL' });
    first.release();
    (await second).release();
  });

  it('a lease ends once', async () => {
    const { cache, loader } = new World();
    const lease = await cache.acquire('f');
    lease.release();
    lease.release();
    lease.discard();
    lease[Symbol.dispose]();
    expect(() => lease.instance).toThrow(expect.objectContaining({ code: 'ERR_SPILLWAY_LEASE_ENDED' }) as Error);
    expect([cache.stats.idle, cache.stats.leased, loader.alive]).toEqual([1, 0, 1]);
  });

  it('a corrupt instance is discarded; the next one in line gets a new one', async () => {
    const { cache, loader } = new World();
    const lease = await cache.acquire('f');
    const corrupt = lease.instance;
    const next = cache.acquire('f');
    lease.discard();
    const other = await next;
    expect(other.isHit).toBe(false);
    expect(other.instance).not.toBe(corrupt);
    other.release();
    expect([corrupt.destroyed, loader.alive, cache.stats.evictions.discarded]).toEqual([true, 1, 1]);
  });
});

describe('idle life', () => {
  it.each([0, 1, 500, 999, 1000])('begun %d ms after a tick, it ends between one and two periods later', async (offsetMs) => {
    const world = new World({ idleTimeoutMs: 1000 });
    await world.use('other');
    world.clock.advance(offsetMs);
    await world.use('f');
    const sinceMs = world.clock.now();
    // Ticks of a timer that began with the other one.
    world.pass(1000 - offsetMs);
    while (world.loader.things[1]?.destroyed === false) world.pass(1000);
    const livedMs = world.clock.now() - sinceMs;
    expect(livedMs).toBeGreaterThanOrEqual(1000);
    expect(livedMs).toBeLessThanOrEqual(2000);
  });

  it('use begins it anew; the timer stops when nothing is idle any more', async () => {
    const world = new World({ idleTimeoutMs: 1000 });
    await world.use('f');
    for (let turn = 0; turn < 5; turn += 1) {
      world.pass(1000);
      await world.use('f');
    }
    expect(world.cache.stats).toMatchObject({ hits: 5, idle: 1 });
    world.pass(1000);
    world.pass(1000);
    expect([world.cache.stats.idle, world.tick]).toEqual([0, undefined]);
  });
});

describe('trim', () => {
  it('gives back the least recently used first, with the code that lost its last instance', async () => {
    const world = new World();
    await world.use('a', 'b', 'c', 'a');
    expect(world.cache.trim(1)).toBe(110);
    expect(world.loader.things.filter(({ destroyed }) => destroyed).map(({ code }) => code.name)).toEqual(['b']);
    expect(world.cache.trim(0)).toBe(0);
    expect(world.cache.trim('max')).toBe(220);
    expect(world.cache.trim('1GiB')).toBe(0);
    expect(world.cache.stats).toMatchObject({ idleBytes: 0, moduleBytes: 0, evictions: { trimmed: 3 } });
  });

  it('reclaim() gives only what was not used since then, and tells what is next', async () => {
    const world = new World({ name: 'functions' });
    const { cache, clock } = world;
    expect([cache.name, cache.idleSinceMs]).toEqual(['functions', undefined]);
    for (const name of ['a', 'b', 'c']) {
      clock.advance(10);
      await world.use(name);
    }
    expect(cache.idleSinceMs).toBe(1010);
    expect(cache.reclaim(1000, undefined, 1020)).toBe(110);
    expect(cache.idleSinceMs).toBe(1020);
    expect(cache.reclaim(1000, undefined, 1020)).toBe(0);
    expect(cache.reclaim(1000)).toBe(220);
    expect(cache.idleSinceMs).toBeUndefined();
  });

  it('leaves what is in use', async () => {
    const { cache } = new World();
    const lease = await cache.acquire('a');
    expect(cache.trim('max')).toBe(0);
    lease.release();
  });
});

it('evicts in the same order as lru-cache, on the same uses, where nothing grows and nothing is held', async () => {
  for (const seed of [1, 2, 3]) {
    const next = random(seed);
    const sizes = Array.from({ length: 60 }, () => 1 + Math.floor(next() * 40));
    const theirs: string[] = [];
    const lru = new LRUCache<string, string>({
      maxSize: 300, maxEntrySize: 35, sizeCalculation: (_, name) => sizes[Number(name)] ?? 1,
      dispose: (_, name, reason) => { if (reason === 'evict') theirs.push(name); },
    });
    const ours: string[] = [];
    const { cache, loader } = new World({ maxIdleBytes: 300, maxInstanceBytes: 35 });
    jest.spyOn(loader, 'destroy').mockImplementation(({ code: { name }, bytes }) => { if (bytes <= 35) ours.push(name); });
    for (let step = 0; step < 2000; step += 1) {
      const name = String(Math.floor(next() ** 2 * 60));
      const hit = lru.get(name);
      if (hit === undefined) lru.set(name, name);
      loader.thingBytes = sizes[Number(name)] ?? 1;
      const lease = await cache.acquire(name);
      expect(lease.isHit).toBe(hit !== undefined);
      lease.release();
    }
    expect(ours.length).toBeGreaterThan(100);
    expect(ours).toEqual(theirs);
    expect(cache.stats).toMatchObject({ idle: lru.size, idleBytes: lru.calculatedSize });
  }
});
