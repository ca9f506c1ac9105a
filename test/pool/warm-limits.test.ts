import { gate, nothing, settle, WarmWorld } from './warm-world';

jest.setTimeout(60_000);

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

  it('reclaim() takes only what was not used since then, and tells what is next', async () => {
    const { pool, clock, ...world } = new WarmWorld();
    expect(pool.idleSinceMs).toBeUndefined();
    for (const key of ['a', 'b', 'c']) {
      clock.advance(10);
      (await pool.acquire(key)).release();
    }
    const { signal } = new AbortController();
    expect(pool.idleSinceMs).toBe(1010);
    expect(await pool.reclaim(1000, signal, 1030)).toBe(20);
    expect([pool.idleSinceMs, await pool.reclaim(1000, signal, 1030)]).toEqual([1030, 0]);
    expect(await pool.reclaim(1000, signal)).toBe(10);
    expect([pool.idleSinceMs, world.hooks.alive]).toEqual([undefined, 0]);
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
