import { gate, nothing, rejection, settle, WarmWorld } from './warm-world';

jest.setTimeout(60_000);

describe('acquire', () => {
  it('a key finds what it used last; another key gets its own', async () => {
    const world = new WarmWorld();
    const [a, b, again] = await world.use('a', 'b', 'a');
    expect(again).toBe(a);
    expect(b).not.toBe(a);
    expect(world.pool.stats).toMatchObject({ hits: 1, creations: 2, resets: 0, idle: 2, idleBytes: 20, leased: 0 });
    expect(world.hooks.calls).toEqual(['create a', 'create b']);
    world.check();
  });

  it('the same key, twice at a time: each has its own', async () => {
    const world = new WarmWorld();
    const [first, second] = await world.acquireAll('a', 'a');
    expect(first?.resource).not.toBe(second?.resource);
    expect([first?.outcome, second?.outcome]).toEqual(['created', 'created']);
  });

  it('single flight: a slot that is being made ready is at work once', async () => {
    const world = new WarmWorld({ capacity: 1 });
    const { open, opened } = gate();
    world.hooks.before = () => opened;
    const both = [world.pool.acquire('a'), world.pool.acquire('a')] as const;
    await settle();
    expect(world.pool.stats).toMatchObject({ preparing: 1, waiting: 1 });
    open();
    const first = await both[0];
    const { resource } = first;
    first.release();
    expect((await both[1]).resource).toBe(resource);
    expect(world.hooks.calls).toEqual(['create a']);
  });

  it('first come, first served, whatever the key; a wait is counted and timed', async () => {
    const world = new WarmWorld({ capacity: 1 }, ['reset', 'measure', 'destroy']);
    let lease = await world.pool.acquire('a');
    const order: string[] = [];
    const waiting = ['b', 'a', 'c'].map(async (key) => {
      lease = await world.pool.acquire(key);
      order.push(key);
    });
    await settle();
    world.clock.advance(5);
    expect(world.pool.stats).toMatchObject({ waiting: 3, blocks: 3, leased: 1 });
    for (const each of waiting) {
      lease.release();
      await each;
    }
    expect(order).toEqual(['b', 'a', 'c']);
    expect(world.pool.stats).toMatchObject({ waiting: 0, waitMs: 15, resets: 3, creations: 1 });
  });

  it('one in line who has a shorter way is not served before others', async () => {
    const world = new WarmWorld({ capacity: 1 });
    const lease = await world.pool.acquire('a');
    const other = world.pool.acquire('b');
    const same = world.pool.acquire('a');
    lease.release();
    const second = await other;
    expect(world.hooks.calls).toEqual(['create a', 'destroy 0', 'create b']);
    second.release();
    (await same).release();
    world.check();
  });

  it.each([['wait', 'ERR_SPILLWAY_QUEUE_FULL'], ['refuse', 'ERR_SPILLWAY_NO_ROOM']] as const)('all slots taken, whenExhausted %s: %s', async (whenExhausted, code) => {
    const { pool } = new WarmWorld({ capacity: 1, maxWaiting: 1, whenExhausted });
    const lease = await pool.acquire('a');
    const next = whenExhausted === 'wait' ? pool.acquire('b') : undefined;
    expect(await rejection(pool.acquire('c'))).toMatchObject({ code });
    lease.release();
    if (next !== undefined) (await next).release();
    expect(pool.stats).toMatchObject({ leased: 0, waiting: 0 });
  });

  it('who is aborted, or too late, leaves the line with neither timer nor listener', async () => {
    const { pool, clock } = new WarmWorld({ capacity: 1 });
    const lease = await pool.acquire('a');
    const controller = new AbortController();
    const removed = jest.spyOn(controller.signal, 'removeEventListener');
    const aborted = rejection(pool.acquire('a', { signal: controller.signal }));
    const late = rejection(pool.acquire('a', { timeoutMs: 50 }));
    const last = pool.acquire('a');
    controller.abort('changed my mind');
    expect(pool.stats.waiting).toBe(2);
    clock.advance(50);
    expect([await aborted, await late]).toEqual(['changed my mind', expect.objectContaining({ code: 'ERR_SPILLWAY_TIMEOUT' })]);
    expect(await rejection(pool.acquire('a', { signal: AbortSignal.abort('before') }))).toBe('before');
    lease.release();
    (await last).release();
    expect(removed).toHaveBeenCalled();
    expect([clock.waits.size, pool.stats.waiting]).toEqual([0, 0]);
  });
});

describe('another key takes over a slot', () => {
  const full = { capacity: 1 };

  it('without reset() what is there is destroyed first, and something new is made', async () => {
    const world = new WarmWorld(full);
    const [, b] = await world.use('a', 'b');
    expect(b?.traces).toEqual(['b']);
    expect(world.hooks.calls).toEqual(['create a', 'destroy 0', 'create b']);
    expect([world.hooks.peak, world.pool.stats.ended.stolen]).toEqual([1, 1]);
  });

  it('with reset() it is cleaned, and told for whom', async () => {
    const world = new WarmWorld(full, ['reset', 'destroy']);
    const [a, b] = await world.use('a', 'b', 'b', 'c');
    expect(b).toBe(a);
    expect(world.hooks.calls).toEqual(['create a', 'reset 0 a b', 'reset 0 b c']);
    expect(world.pool.stats).toMatchObject({ resets: 2, hits: 1, creations: 1 });
  });

  it('reset() returns false: it is made anew, and nothing has failed', async () => {
    const world = new WarmWorld(full, ['reset', 'destroy']);
    jest.spyOn(world.hooks, 'reset').mockResolvedValue(false);
    const [a, b] = await world.use('a', 'b');
    expect(b).not.toBe(a);
    expect(world.pool.stats).toMatchObject({ failedHooks: 0, ended: { stolen: 1 } });
  });

  it.each([1, 2, 3, 4, 5])('no key ever sees what another one left (seed %d)', async (seed) => {
    const world = new WarmWorld({ capacity: 3, maxUnusedWarmSlots: seed % 4 }, seed % 2 === 0 ? ['destroy'] : ['reset', 'destroy']);
    for (let step = 0; step < 200; step += 1) {
      const key = `k${(step * 7 + seed * step * step) % 11}`;
      const [thing] = await world.use(key);
      expect(thing?.traces).toEqual([key]);
    }
    world.check();
  });
});

describe('check', () => {
  it('what is not healthy any more is replaced before it is used; what was just made is not asked', async () => {
    const world = new WarmWorld({}, ['check', 'destroy']);
    const [a] = await world.use('a');
    if (a !== undefined) a.healthy = false;
    const [next, after] = await world.use('a', 'a');
    expect(next).not.toBe(a);
    expect(after).toBe(next);
    expect(world.hooks.calls).toEqual(['create a', 'check 0', 'destroy 0', 'create a', 'check 1']);
    expect(world.pool.stats.ended.unhealthy).toBe(1);
  });
});

describe('a lease', () => {
  it('ends once', async () => {
    const { pool, hooks } = new WarmWorld();
    const lease = await pool.acquire('a');
    lease.release();
    lease.release();
    lease.discard();
    lease[Symbol.dispose]();
    await lease[Symbol.asyncDispose]();
    expect(() => lease.resource).toThrow(expect.objectContaining({ code: 'ERR_SPILLWAY_LEASE_ENDED' }) as Error);
    expect([pool.stats.idle, pool.stats.leased, hooks.alive]).toEqual([1, 0, 1]);
  });

  it('discard(): the resource is destroyed, and the next in line gets a new one', async () => {
    const world = new WarmWorld({ capacity: 1 });
    const lease = await world.pool.acquire('a');
    const next = world.pool.acquire('a');
    lease.discard();
    expect(world.pool.stats).toMatchObject({ ending: 1, waiting: 1, leased: 0 });
    expect((await next).outcome).toBe('created');
    expect(world.hooks.calls).toEqual(['create a', 'destroy 0', 'create a']);
    expect([world.pool.stats.ended.discarded, world.hooks.peak]).toEqual([1, 1]);
  });
});

describe('a resource that ends by itself', () => {
  it('idle: it is given up at once', async () => {
    const world = new WarmWorld();
    const [a] = await world.use('a');
    a?.lost();
    a?.lost();
    expect(world.pool.stats).toMatchObject({ idle: 0, idleBytes: 0, ended: { lost: 1 } });
    const [next] = await world.use('a');
    expect(next).not.toBe(a);
    world.check();
  });

  it('in use: when it comes back', async () => {
    const world = new WarmWorld();
    const lease = await world.pool.acquire('a');
    lease.resource.lost();
    expect(world.pool.stats).toMatchObject({ leased: 1, ended: { lost: 0 } });
    lease.release();
    await settle();
    expect(world.pool.stats).toMatchObject({ ...nothing, ended: { lost: 1 } });
    world.check();
  });

  it('while it is reset: another one is made', async () => {
    const world = new WarmWorld({ capacity: 1 }, ['reset', 'destroy']);
    const [a] = await world.use('a');
    world.hooks.before = (hook) => { if (hook === 'reset') a?.lost(); };
    const [b] = await world.use('b');
    expect(b).not.toBe(a);
    expect(world.pool.stats.ended.lost).toBe(1);
    world.check();
  });

  it('while it is made: acquire() is rejected, and nothing is left', async () => {
    const { pool, hooks } = new WarmWorld();
    jest.spyOn(hooks, 'create').mockImplementation(({ key, lost }) => {
      lost();
      const thing = { id: 0, traces: [key], bytes: 0, healthy: true, destroyed: false, lost };
      hooks.living.add(thing.id);
      return Promise.resolve(thing);
    });
    expect(await rejection(pool.acquire('a'))).toMatchObject({ code: 'ERR_SPILLWAY_HOOK_FAILED' });
    expect([pool.stats, hooks.alive]).toEqual([expect.objectContaining(nothing), 0]);
  });
});

describe('life', () => {
  it('maxUses: used so often, and then destroyed', async () => {
    const world = new WarmWorld({ maxUses: 3 });
    const things = await world.use('a', 'a', 'a', 'a');
    expect(new Set(things).size).toBe(2);
    expect([things[2] === things[0], world.pool.stats.ended.worn]).toEqual([true, 1]);
    world.check();
  });

  it('maxAgeMs: not used again, neither from the shelf nor given back', async () => {
    const world = new WarmWorld({ maxAgeMs: 100 });
    const [first] = await world.use('a');
    world.clock.advance(100);
    const [still] = await world.use('a');
    expect(still).toBe(first);
    world.clock.advance(1);
    const lease = await world.pool.acquire('a');
    expect(lease.resource).not.toBe(first);
    world.clock.advance(101);
    lease.release();
    await settle();
    expect(world.pool.stats).toMatchObject({ ...nothing, ended: { aged: 2 } });
    world.check();
  });

  it.each([0, 1, 500, 999, 1000])('idle from %d ms after a tick, it ends between one and two periods later', async (offsetMs) => {
    const world = new WarmWorld({ idleTimeoutMs: 1000 });
    await world.use('other');
    world.clock.advance(offsetMs);
    const [thing] = await world.use('a');
    const sinceMs = world.clock.now();
    await world.pass(1000 - offsetMs);
    while (thing?.destroyed === false) await world.pass(1000);
    const livedMs = world.clock.now() - sinceMs;
    expect(livedMs).toBeGreaterThanOrEqual(1000);
    expect(livedMs).toBeLessThanOrEqual(2000);
    expect([world.tick, world.pool.stats.ended.idle]).toEqual([undefined, 2]);
  });
});

describe('bytes', () => {
  it('idle ones stay within maxIdleBytes, the least recently used one goes first; what is too large is not kept', async () => {
    const world = new WarmWorld({ maxIdleBytes: 100, maxResourceBytes: 60 });
    const grown = async (key: string, bytes: number): Promise<number> => {
      const lease = await world.pool.acquire(key);
      lease.resource.bytes = bytes;
      lease.release();
      await settle();
      return world.pool.stats.idleBytes;
    };
    expect([await grown('a', 50), await grown('b', 50), await grown('c', 30), await grown('b', 61), await grown('c', 40)]).toEqual([50, 100, 80, 30, 40]);
    expect(world.pool.stats.ended).toMatchObject({ bytes: 1, oversize: 1 });
    world.check();
  });

  it('maxUnusedWarmBytes: beyond it another one is reset, not made', async () => {
    const world = new WarmWorld({ maxUnusedWarmBytes: 20 }, ['reset', 'measure', 'destroy']);
    await world.use('a', 'b', 'c');
    expect(world.hooks.calls).toEqual(['create a', 'create b', 'reset 0 a c']);
  });
});

describe('trim and reclaim', () => {
  it('the least recently used go first, and count once they are destroyed', async () => {
    const world = new WarmWorld();
    await world.use('a', 'b', 'c', 'a');
    const { open, opened } = gate();
    world.hooks.before = (hook) => (hook === 'destroy' ? opened : undefined);
    let freedBytes: number | undefined;
    const trimming = world.pool.trim(15).then((bytes) => (freedBytes = bytes));
    await settle();
    expect([freedBytes, world.hooks.calls.slice(-2)]).toEqual([undefined, ['destroy 1', 'destroy 2']]);
    expect(world.pool.stats).toMatchObject({ ending: 2, idle: 1 });
    open();
    await trimming;
    expect(freedBytes).toBe(20);
    expect(await world.pool.trim('max')).toBe(10);
    expect(await world.pool.trim('1GiB')).toBe(0);
    expect(world.pool.stats).toMatchObject({ ...nothing, ended: { trimmed: 3 } });
    world.check();
  });

  it('what could not be destroyed does not count: the next one goes', async () => {
    const world = new WarmWorld();
    await world.use('a', 'b', 'c');
    let fails = 1;
    world.hooks.before = (hook) => { if (hook === 'destroy' && fails-- > 0) throw new Error('stuck'); };
    expect(await world.pool.trim(10)).toBe(10);
    expect(world.pool.stats).toMatchObject({ idle: 1, ended: { trimmed: 2 } });
    expect(world.degraded).toHaveLength(1);
  });

  it('leaves what is in use; a slot that is being emptied is not given out', async () => {
    const world = new WarmWorld({ capacity: 2 });
    const lease = await world.pool.acquire('a');
    await world.use('b');
    const { open, opened } = gate();
    world.hooks.before = (hook) => (hook === 'destroy' ? opened : undefined);
    const trimming = world.pool.trim('max');
    const next = world.pool.acquire('c');
    await settle();
    expect(world.pool.stats).toMatchObject({ leased: 1, ending: 1, waiting: 1 });
    open();
    expect(await trimming).toBe(10);
    (await next).release();
    lease.release();
    world.check();
  });

  it('reclaim(): once the signal has fired it takes no more, and returns what it has', async () => {
    const world = new WarmWorld();
    await world.use('a', 'b');
    const controller = new AbortController();
    expect(await world.pool.reclaim(10, controller.signal)).toBe(10);
    world.hooks.before = () => new Promise(() => undefined);
    const hanging = world.pool.reclaim(10, controller.signal);
    await settle();
    controller.abort();
    expect(await hanging).toBe(0);
    expect(await world.pool.reclaim(10, controller.signal)).toBe(0);
    expect(world.pool.name).toBe('warm pool');
  });

  it('without measure() nothing is known to be freed, so all of them go', async () => {
    const world = new WarmWorld({}, ['destroy']);
    await world.use('a', 'b');
    expect(await world.pool.trim(1)).toBe(0);
    expect(world.hooks.alive).toBe(0);
  });
});
