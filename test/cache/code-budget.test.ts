import { rejection, settle, World } from './world';

describe('the budget of code', () => {
  it('is reserved before it is compiled', async () => {
    const { cache, loader } = new World();
    let atCompile: number | undefined;
    loader.before = (call) => { if (call === 'compile') atCompile = cache.stats.moduleBytes; };
    (await cache.acquire('f')).release();
    expect(atCompile).toBe(100);
  });

  it('when it is full, idle instances go until some code has lost its last one', async () => {
    const world = new World({ maxModuleBytes: 250 });
    for (const group of ['g', 'h']) (await world.cache.acquire('a', { group })).release();
    await world.use('b', 'c');
    expect(world.cache.stats).toMatchObject({ modules: 2, moduleBytes: 200, idle: 2, evictions: { code: 2 } });
    expect(world.loader.alive).toBe(2);
  });

  it('instances whose code is in use elsewhere are passed over', async () => {
    const world = new World({ maxModuleBytes: 200 });
    (await world.cache.acquire('a', { group: 'idle' })).release();
    const pinned = await world.cache.acquire('a');
    await world.use('b', 'c');
    expect(world.cache.stats).toMatchObject({ modules: 2, evictions: { code: 1 } });
    expect((await world.cache.acquire('a', { group: 'idle' })).isHit).toBe(true);
    expect(world.cache.evictModules()).toBe(100);
    expect(world.cache.evictModules()).toBe(0);
    pinned.release();
  });

  it('what cannot be had is refused at once, and nothing is evicted in vain', async () => {
    const world = new World({ maxModuleBytes: 250 });
    const pinned = [await world.cache.acquire('a'), await world.cache.acquire('b')];
    expect(await rejection(world.cache.acquire('c'))).toMatchObject({ code: 'ERR_SPILLWAY_NO_ROOM' });
    pinned[0]?.release();
    world.loader.codeBytes = 251;
    expect(await rejection(world.cache.acquire('d'))).toMatchObject({ code: 'ERR_SPILLWAY_NO_ROOM', message: expect.stringContaining('251 bytes of the code of "d"') as string });
    expect(world.cache.stats).toMatchObject({ modules: 2, idle: 1, failedReservations: 2, failedLoads: 0 });
  });

  it('is compiled once, however many ask at a time; one who leaves takes nothing from the others', async () => {
    const { cache, loader } = new World();
    let go = (): void => undefined;
    loader.before = (call) => (call === 'compile' ? new Promise<void>((resolve) => (go = resolve)) : undefined);
    const controller = new AbortController();
    const leaving = rejection(cache.acquire('f', { group: '0', signal: controller.signal }));
    const staying = ['1', '2', '3'].map((group) => cache.acquire('f', { group }));
    await settle();
    controller.abort(new Error('left'));
    expect(await leaving).toMatchObject({ message: 'left' });
    go();
    for (const lease of await Promise.all(staying)) lease.release();
    expect(loader.calls.filter((call) => call === 'compile f')).toHaveLength(1);
    expect(cache.stats).toMatchObject({ modules: 1, idle: 3, misses: 4 });
  });

  it('a lease reserves its bytes for as long as it lasts', async () => {
    const { cache } = new World({ leaseBytes: 7 });
    const lease = await cache.acquire('f');
    expect(cache.stats.moduleBytes).toBe(107);
    lease.release();
    const again = await cache.acquire('f');
    expect(cache.stats.moduleBytes).toBe(107);
    again.discard();
    expect(cache.stats.moduleBytes).toBe(0);
  });
});

describe('maxInstances', () => {
  it('the least recently used idle one makes room; without one it is refused', async () => {
    const world = new World({ maxInstances: 2 });
    await world.use('a', 'b');
    const c = await world.cache.acquire('c');
    expect(world.cache.stats).toMatchObject({ idle: 1, evictions: { count: 1 } });
    const b = await world.cache.acquire('b');
    expect(b.isHit).toBe(true);
    expect(await rejection(world.cache.acquire('d'))).toMatchObject({ code: 'ERR_SPILLWAY_NO_ROOM', message: expect.stringContaining('All 2 instances') as string });
    c.discard();
    (await world.cache.acquire('d')).release();
    b.release();
  });
});
