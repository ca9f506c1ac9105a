import { trials } from '../support/trials';
import { errorOf } from '../support/error-of';
import { random } from '../support/random';
import { rejection, settle, World } from './world';

const empty = { idle: 0, idleBytes: 0, leased: 0, waiting: 0, modules: 0, moduleBytes: 0 };

describe('a loader that hangs', () => {
  it.each(['source', 'compile', 'instantiate'])('in %s(): the wait ends after loadTimeoutMs, and a later answer is thrown away', async (call) => {
    const { cache, loader, clock } = new World({ loadTimeoutMs: 500 });
    let go = (): void => undefined;
    loader.before = (name) => (name === call ? new Promise<void>((resolve) => (go = resolve)) : undefined);
    const asked = rejection(cache.acquire('f'));
    await settle();
    clock.advance(500);
    expect(await asked).toMatchObject({ code: 'ERR_SPILLWAY_LOADER_TIMEOUT' });
    expect(cache.stats).toMatchObject({ ...empty, failedLoads: 1 });
    go();
    await settle();
    expect([loader.alive, clock.waits.size]).toEqual([0, 0]);
    expect(cache.stats).toMatchObject(empty);
  });

  it('ends with timeoutMs and with the signal too', async () => {
    const { cache, loader, clock } = new World();
    loader.before = () => new Promise(() => undefined);
    const late = rejection(cache.acquire('f', { timeoutMs: 50 }));
    await settle();
    clock.advance(50);
    expect(await late).toMatchObject({ code: 'ERR_SPILLWAY_TIMEOUT' });
    const controller = new AbortController();
    const aborted = rejection(cache.acquire('f', { signal: controller.signal }));
    await settle();
    controller.abort('enough');
    expect(await aborted).toBe('enough');
    expect(await rejection(cache.acquire('f', { signal: AbortSignal.abort('before') }))).toBe('before');
    expect(cache.stats).toMatchObject({ ...empty, failedLoads: 0 });
  });
});

describe('a loader that returns garbage', () => {
  const garbage: [string, (world: World) => void][] = [
    ['source(): nothing', ({ loader }) => { loader.source = () => undefined as never; }],
    ['source(): no compile()', ({ loader }) => { loader.source = () => ({ bytes: 1 }) as never; }],
    ['source(): negative bytes', ({ loader }) => { loader.codeBytes = -1; }],
    ['source(): unsafe bytes', ({ loader }) => { loader.codeBytes = 2 ** 53; }],
    ['source(): bytes that are text', ({ loader }) => { loader.codeBytes = '5' as never; }],
    ['compile(): nothing', ({ loader }) => { loader.source = () => ({ bytes: 1, compile: () => null }) as never; }],
    ['instantiate(): nothing', ({ loader }) => { loader.instantiate = () => undefined as never; }],
    ['measure(): negative', ({ loader }) => { loader.thingBytes = -1; }],
    ['measure(): a fraction', ({ loader }) => { loader.thingBytes = 0.5; }],
    ['measure(): not a number', ({ loader }) => { loader.thingBytes = NaN; }],
  ];

  it.each(garbage)('%s', async (_, spoil) => {
    const world = new World();
    spoil(world);
    expect(await rejection(world.cache.acquire('f'))).toMatchObject({ code: 'ERR_SPILLWAY_LOADER_INVALID' });
    expect(world.cache.stats).toMatchObject({ ...empty, failedLoads: 1 });
    expect(world.loader.alive).toBe(0);
  });

  it.each([-1, 2 ** 53, NaN, undefined])('measure() after the use: %p; the instance is given up and the totals are right', async (bytes) => {
    const { cache, degraded, loader } = new World();
    const lease = await cache.acquire('f');
    lease.instance.bytes = bytes as never;
    lease.release();
    expect(degraded).toEqual([expect.objectContaining({ code: 'ERR_SPILLWAY_LOADER_INVALID' })]);
    expect(cache.stats).toMatchObject({ ...empty, evictions: { unmeasurable: 1 } });
    expect(loader.alive).toBe(0);
  });
});

it('destroy() throws: it is told of, and all else goes on', async () => {
  const world = new World();
  await world.use('a', 'b');
  world.loader.before = (call) => { if (call === 'destroy') throw new Error('stuck'); };
  expect(world.cache.trim('max')).toBe(220);
  expect(world.degraded).toEqual([1, 2].map(() => expect.objectContaining({ code: 'ERR_SPILLWAY_LOADER_FAILED' }) as unknown));
  expect(world.cache.stats).toMatchObject(empty);
});

it('a loader that calls the cache from destroy() and measure() finds right totals', async () => {
  const world = new World();
  await world.use('a', 'b', 'c');
  world.loader.before = (call) => {
    if (call !== 'destroy') return;
    world.cache.remove('b');
    world.cache.trim('max');
  };
  expect(world.cache.trim(1)).toBe(110);
  expect(world.cache.stats).toMatchObject(empty);
  const lease = await world.cache.acquire('d');
  world.loader.before = (call) => { if (call === 'measure') void world.cache.close(); };
  lease[Symbol.dispose]();
  expect(world.cache.stats).toMatchObject(empty);
  expect(world.loader.alive).toBe(0);
});

describe('close', () => {
  it('gives idle ones up, turns away who waits, who loads and who comes', async () => {
    const { cache, loader } = new World();
    (await cache.acquire('idle')).release();
    const lease = await cache.acquire('f');
    loader.before = () => new Promise(() => undefined);
    const turnedAway = ['f', 'loading'].map((name) => rejection(cache.acquire(name)));
    await settle();
    await cache.close();
    await cache.close();
    for (const error of [...await Promise.all(turnedAway), await rejection(cache.acquire('f'))]) expect(error).toMatchObject({ code: 'ERR_SPILLWAY_STOPPED' });
    expect(lease.instance.destroyed).toBe(false);
    expect(cache.stats).toMatchObject({ idle: 0, leased: 1, waiting: 0, modules: 1 });
    loader.before = () => undefined;
    expect(errorOf(() => { lease.release(); })).toMatchObject({ code: 'ERR_SPILLWAY_STOPPED' });
    expect(cache.stats).toMatchObject(empty);
    expect(loader.alive).toBe(0);
    lease.release();
  });

  it('with `using` a late end is silent', async () => {
    const { cache, loader } = new World();
    const lease = await cache.acquire('f');
    await cache[Symbol.asyncDispose]();
    lease[Symbol.dispose]();
    expect(loader.alive).toBe(0);
  });

  it('just after the lease was handed over: its instance goes all the same', async () => {
    const { cache, loader } = new World();
    const lease = await cache.acquire('f');
    const next = cache.acquire('f').then((mine) => { mine[Symbol.dispose](); }, () => undefined);
    await settle();
    lease.release();
    await cache.close();
    await next;
    expect(cache.stats).toMatchObject(empty);
    expect(loader.alive).toBe(0);
  });
});

describe('the k-th call of the loader fails', () => {
  const story = async (world: World): Promise<void> => {
    const { cache } = world;
    const attempt = async (name: string, group: string, bytes: number, isCorrupt = false): Promise<void> => {
      try {
        const lease = await cache.acquire(name, { group });
        await settle();
        lease.instance.bytes = bytes;
        if (isCorrupt) lease.discard();
        else lease.release();
      } catch (error) {
        expect(error).toMatchObject({ code: 'ERR_SPILLWAY_LOADER_FAILED' });
      }
    };
    await Promise.all([attempt('a', 'g', 20), attempt('a', 'g', 30), attempt('a', 'h', 20), attempt('b', 'g', 40)]);
    await attempt('c', 'g', 60);
    await attempt('d', 'g', 45, true);
    await attempt('a', 'g', 70);
    await attempt('b', 'g', 10);
    cache.trim(15);
    cache.remove('a');
    await attempt('a', 'g', 30);
  };
  const options = { maxIdleBytes: 100, maxInstanceBytes: 60, maxModuleBytes: 300 };

  const callCount = async (): Promise<number> => {
    const world = new World(options);
    let calls = 0;
    world.loader.before = () => void (calls += 1);
    await story(world);
    return calls;
  };

  it('for every k: totals are those of what is there, and all of it can be given back', async () => {
    const count = await callCount();
    expect(count).toBeGreaterThan(30);
    for (let k = 0; k < count; k += 1) {
      const world = new World(options);
      let calls = 0;
      world.loader.before = () => { if (calls++ === k) throw new Error(`call ${k}`); };
      await story(world);
      const { stats } = world.cache;
      expect([stats.leased, stats.waiting, stats.failedLoads > 0]).toEqual([0, 0, true]);
      expect(stats.idle).toBe(world.loader.alive);
      expect(stats.idleBytes).toBe(world.loader.things.reduce((sum, { destroyed, bytes }) => sum + (destroyed ? 0 : bytes), 0));
      expect(stats.moduleBytes).toBe(stats.modules * 100);
      world.cache.trim('max');
      expect(world.cache.stats).toMatchObject(empty);
    }
  });
});

const steps = trials(3000, 100_000);

it(`over ${steps} random steps with failures, aborts and removals the totals are those of what is there`, async () => {
  const next = random(11);
  const upTo = (limit: number): number => Math.floor(next() * limit);
  const world = new World({ maxIdleBytes: 500, maxInstanceBytes: 90, maxModuleBytes: 900, leaseBytes: 5, maxInstances: 12, maxWaiting: 8 });
  const { cache, loader } = world;
  loader.before = () => { if (next() < 0.03) throw new Error('no'); };
  const leases = new Set<Awaited<ReturnType<typeof cache.acquire>>>();
  for (let step = 0; step < steps; step += 1) {
    const dice = next();
    if (dice < 0.15) {
      try {
        const lease = cache.tryAcquire(`f${upTo(8)}`, { group: `g${upTo(2)}` });
        if (lease !== undefined) leases.add(lease);
      } catch (error) {
        expect(error).toMatchObject({ code: 'ERR_SPILLWAY_NO_ROOM' });
      }
    } else if (dice < 0.5) {
      const controller = new AbortController();
      cache.acquire(`f${upTo(8)}`, { group: `g${upTo(2)}`, signal: controller.signal, timeoutMs: 1 + upTo(50) }).then((lease) => leases.add(lease), () => undefined);
      if (next() < 0.1) controller.abort();
    } else if (dice < 0.9) {
      const [lease] = leases;
      if (lease !== undefined) {
        leases.delete(lease);
        lease.instance.bytes = upTo(100);
        if (next() < 0.1) lease.discard();
        else lease.release();
      }
    } else if (dice < 0.93) cache.remove(`f${upTo(8)}`);
    else if (dice < 0.95) cache.trim(upTo(200));
    else if (dice < 0.96) cache.evictModules();
    else world.pass(upTo(3000));
    if (next() < 0.3) await settle();
    const { idle, idleBytes, moduleBytes, waiting } = cache.stats;
    if (idleBytes > 500 || moduleBytes > 900 || idle > 12 || waiting > 8 || moduleBytes < 0 || idleBytes < 0) throw new Error(`step ${step}: ${JSON.stringify(cache.stats)}`);
  }
  for (let turn = 0; turn < 50; turn += 1) {
    for (const lease of leases) lease[Symbol.dispose]();
    leases.clear();
    world.pass(100);
    await settle();
  }
  expect(cache.stats).toMatchObject({ leased: 0, waiting: 0, idle: loader.alive });
  cache.trim('max');
  expect(cache.stats).toMatchObject(empty);
  expect(world.clock.waits.size).toBe(0);
});
