import { rejection, settle, World } from './world';

// The four hazards that reading ScyllaDB's cache shows.
describe('1: a failed load leaves no lock behind', () => {
  it.each(['source', 'compile', 'instantiate', 'measure'])('%s() throws: who comes next, and who waited, gets the seat', async (call) => {
    const { cache, loader } = new World();
    let failures = 1;
    loader.before = (name) => { if (name === call && failures-- > 0) throw new Error('no'); };
    const first = rejection(cache.acquire('f'));
    const waiting = cache.acquire('f', { timeoutMs: 1000 });
    expect(await first).toMatchObject({ code: 'ERR_SPILLWAY_LOADER_FAILED', cause: expect.objectContaining({ message: 'no' }) as unknown });
    (await waiting).release();
    expect((await cache.acquire('f')).isHit).toBe(true);
  });

  it('no room for a lease of what is there: the seat is passed on, and the instance stays', async () => {
    const world = new World({ leaseBytes: 60, maxModuleBytes: 319 });
    await world.use('a');
    const b = await world.cache.acquire('b');
    expect(await rejection(world.cache.acquire('a'))).toMatchObject({ code: 'ERR_SPILLWAY_NO_ROOM' });
    expect(world.cache.stats).toMatchObject({ idle: 1, leased: 1, moduleBytes: 260 });
    b.release();
    expect((await world.cache.acquire('a')).isHit).toBe(true);
  });
});

describe('2: a failed load keeps nothing reserved', () => {
  it.each(['source', 'compile', 'instantiate', 'measure'])('%s() fails 200 times: all of the budget is still there', async (call) => {
    const { cache, loader } = new World({ leaseBytes: 50, maxModuleBytes: 150 });
    loader.before = (name) => { if (name === call) throw new Error('no'); };
    for (let turn = 0; turn < 200; turn += 1) await rejection(cache.acquire('f'));
    expect(cache.stats).toMatchObject({ misses: 200, failedLoads: 200, modules: 0, moduleBytes: 0, leased: 0, idle: 0, idleBytes: 0 });
    expect(loader.things.length - (call === 'measure' ? 200 : 0)).toBe(0);
    loader.before = () => undefined;
    const lease = await cache.acquire('f');
    expect(cache.stats.moduleBytes).toBe(150);
    lease.release();
    expect(cache.stats).toMatchObject({ moduleBytes: 100, idle: 1, failedReservations: 0 });
  });
});

describe('3: an instance limit beyond the whole limit', () => {
  it('is refused at construction', () => {
    expect(() => new World({ maxIdleBytes: 100, maxInstanceBytes: 101 })).toThrow(expect.objectContaining({
      code: 'ERR_SPILLWAY_INVALID_OPTION', message: 'Expected maxInstanceBytes (101) not to exceed maxIdleBytes (100)',
    }) as Error);
  });

  it('at the limit the last one goes, and the list may be empty', async () => {
    const world = new World({ maxIdleBytes: 10, maxInstanceBytes: 10 });
    await world.use('a', 'b', 'b');
    expect(world.cache.stats).toMatchObject({ idle: 1, idleBytes: 10, evictions: { bytes: 1 } });
    world.loader.thingBytes = 0;
    const none = new World({ maxIdleBytes: 0 });
    await none.use('a');
    expect(none.cache.stats).toMatchObject({ idle: 0, evictions: { oversize: 1 } });
  });
});

describe('4: removed while it is in use', () => {
  it('it is given up when it comes back, its code with it; nothing is left to be found', async () => {
    const { cache, loader } = new World();
    const lease = await cache.acquire('f');
    cache.remove('f');
    expect(lease.instance.destroyed).toBe(false);
    const anew = await cache.acquire('f');
    expect(anew.instance).not.toBe(lease.instance);
    expect(anew.instance.code).not.toBe(lease.instance.code);
    expect(cache.stats.moduleBytes).toBe(200);
    lease.release();
    expect(cache.stats).toMatchObject({ idle: 0, modules: 1, moduleBytes: 100, evictions: { removed: 1 } });
    anew.release();
    expect([cache.stats.idle, loader.alive]).toEqual([1, 1]);
  });

  it('who waited for it gets a new one, in order', async () => {
    const { cache } = new World();
    const lease = await cache.acquire('f');
    const old = lease.instance;
    const order: number[] = [];
    const waiting = [1, 2].map(async (n) => {
      const mine = await cache.acquire('f');
      order.push(n);
      expect(mine.instance).not.toBe(old);
      mine.release();
    });
    await settle();
    cache.remove('f');
    await Promise.all(waiting);
    expect(order).toEqual([1, 2]);
    lease.release();
    expect(cache.stats).toMatchObject({ idle: 1, modules: 1, misses: 2, evictions: { removed: 1 } });
  });

  it('removed while it loads: the one who asked before gets it, and it is not kept', async () => {
    const { cache, loader } = new World();
    let go = (): void => undefined;
    loader.before = (call) => (call === 'compile' ? new Promise<void>((resolve) => (go = resolve)) : undefined);
    const asked = cache.acquire('f');
    await settle();
    cache.remove('f');
    go();
    (await asked).release();
    expect(cache.stats).toMatchObject({ idle: 0, modules: 0, moduleBytes: 0, evictions: { removed: 1 } });
  });

  it('one signature alone', async () => {
    const { cache } = new World();
    (await cache.acquire('f', { signature: 'a' })).release();
    (await cache.acquire('f', { signature: 'b' })).release();
    cache.remove('f', { signature: 'a' });
    expect((await cache.acquire('f', { signature: 'b' })).isHit).toBe(true);
    expect((await cache.acquire('f', { signature: 'a' })).isHit).toBe(false);
  });
});
