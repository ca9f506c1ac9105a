import { settle, World } from './world';

const thrown = (call: () => unknown): unknown => {
  try {
    return call();
  } catch (error) {
    return error;
  }
};

describe('tryAcquire()', () => {
  it('gives what is there at once, to one alone, and what comes back again', async () => {
    const { cache } = new World();
    const lease = await cache.acquire('f', { group: 'g', signature: 's' });
    const { instance } = lease;
    expect(cache.tryAcquire('f', { group: 'g', signature: 's' })).toBeUndefined();
    lease.release();
    for (let turn = 0; turn < 3; turn += 1) {
      using again = cache.tryAcquire('f', { group: 'g', signature: 's' });
      expect([again?.instance, again?.isHit]).toEqual([instance, true]);
      expect(cache.tryAcquire('f', { group: 'g', signature: 's' })).toBeUndefined();
    }
    expect(cache.stats).toMatchObject({ hits: 3, misses: 1, blocks: 0, leased: 0, idle: 1 });
  });

  it('neither makes nor waits, and leaves no trace where it gives nothing', async () => {
    const { cache, loader } = new World();
    const before = cache.stats;
    expect([cache.tryAcquire('f'), cache.tryAcquire('f', { group: 'g' })]).toEqual([undefined, undefined]);
    await settle();
    expect([cache.stats, loader.calls]).toEqual([before, []]);
  });

  it('never overtakes: while somebody waits for the instance it gives nothing', async () => {
    const { cache } = new World();
    const first = await cache.acquire('f');
    const second = cache.acquire('f');
    await settle();
    first.release();
    expect(cache.tryAcquire('f')).toBeUndefined();
    (await second).release();
    cache.tryAcquire('f')?.release();
    expect(cache.stats).toMatchObject({ hits: 2, idle: 1 });
  });

  it('does not find what was removed, nor another group or signature', async () => {
    const { cache } = new World();
    for (const group of ['a', 'b']) (await cache.acquire('f', { group })).release();
    expect(cache.tryAcquire('f', { group: 'a', signature: 's' })).toBeUndefined();
    const [a, b] = ['a', 'b'].map((group) => cache.tryAcquire('f', { group }));
    expect(a?.instance).not.toBe(b?.instance);
    a?.release();
    b?.release();
    cache.remove('f');
    expect(['a', 'b'].map((group) => cache.tryAcquire('f', { group }))).toEqual([undefined, undefined]);
    expect(cache.stats).toMatchObject({ leased: 0, idle: 0, modules: 0 });
  });

  it('no room for the lease: it throws, and the instance stays', async () => {
    const world = new World({ leaseBytes: 60, maxModuleBytes: 319 });
    await world.use('a');
    const b = await world.cache.acquire('b');
    expect(thrown(() => world.cache.tryAcquire('a'))).toMatchObject({ code: 'ERR_SPILLWAY_NO_ROOM' });
    expect(world.cache.stats).toMatchObject({ idle: 1, leased: 1, moduleBytes: 260 });
    b.release();
    world.cache.tryAcquire('a')?.release();
    expect(world.cache.stats).toMatchObject({ hits: 1, leased: 0, idle: 2 });
  });

  it.each([
    ['a name that is no text', [7], 'ERR_SPILLWAY_INVALID_OPTION'],
    ['an unknown option', ['f', { grup: 'g' }], 'ERR_SPILLWAY_INVALID_OPTION'],
    ['a signal that is none', ['f', { signal: 7 }], 'ERR_SPILLWAY_INVALID_OPTION'],
  ])('%s: throws', (_, args, code) => {
    const { cache } = new World();
    expect(thrown(() => cache.tryAcquire(...(args as [string])))).toMatchObject({ code });
  });

  it('throws the reason of a signal that has fired, and after close()', async () => {
    const { cache } = new World();
    const reason = new Error('changed my mind');
    expect(thrown(() => cache.tryAcquire('f', { signal: AbortSignal.abort(reason) }))).toBe(reason);
    await cache.close();
    expect(thrown(() => cache.tryAcquire('f'))).toMatchObject({ code: 'ERR_SPILLWAY_STOPPED' });
  });

  it('acquire() rejects for what tryAcquire() throws; it never throws', async () => {
    const { cache } = new World();
    const refused = cache.acquire(7 as unknown as string);
    await expect(refused).rejects.toMatchObject({ code: 'ERR_SPILLWAY_INVALID_OPTION' });
  });
});
