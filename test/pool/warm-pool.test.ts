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
