import type { InstanceCacheOptions } from '../../lib/cache';
import { errorOf } from '../support/error-of';
import { rejection, World, type Code, type Thing } from './world';

const empty = { idle: 0, idleBytes: 0, leased: 0, waiting: 0, modules: 0, moduleBytes: 0 };

describe('options', () => {
  it.each<[object, string]>([
    [{ loader: undefined }, "'loader'"], [{ loader: {} }, "'loader.source'"], [{ maxIdleBytes: -1 }, "'maxIdleBytes'"], [{ maxIdleBytes: 2 ** 53 }, "'maxIdleBytes'"],
    [{ maxModuleBytes: 'much' }, "'maxModuleBytes'"], [{ leaseBytes: NaN }, "'leaseBytes'"], [{ maxInstances: 0 }, "'maxInstances'"], [{ idleTimeoutMs: 0 }, "'idleTimeoutMs'"],
    [{ loadTimeoutMs: Infinity }, "'loadTimeoutMs'"], [{ maxWaiting: -1 }, "'maxWaiting'"], [{ maxBytes: 1 }, 'maxBytes'], [{ name: 'a\nb' }, "'name'"],
  ])('%p is refused', (options, message) => {
    expect(errorOf(() => new World(options as Partial<InstanceCacheOptions<Code, Thing>>))).toMatchObject({ code: 'ERR_SPILLWAY_INVALID_OPTION', message: expect.stringContaining(message) as string });
  });

  it.each<[unknown, object | null]>([[5, {}], ['f', { group: 1 }], ['f', { signature: null }], ['f', { signal: {} }], ['f', { timeoutMs: -1 }], ['f', { timeoutMs: 2 ** 31 }], ['f', { grup: 'g' }], ['f', null]])(
    'acquire(%p, %p) is refused, and leaves nothing', async (name, options) => {
      const { cache } = new World();
      expect(await rejection(cache.acquire(name as string, options as never))).toMatchObject({ code: 'ERR_SPILLWAY_INVALID_OPTION' });
      expect(cache.stats).toMatchObject({ ...empty, misses: 0 });
    });

  it('trim() and remove() refuse what is none', () => {
    const { cache } = new World();
    for (const bad of [-1, 2 ** 53, NaN, 'x', undefined]) expect(errorOf(() => cache.trim(bad as never))).toMatchObject({ code: 'ERR_SPILLWAY_INVALID_OPTION' });
    for (const bad of [1, undefined]) expect(errorOf(() => { cache.remove(bad as never); })).toMatchObject({ code: 'ERR_SPILLWAY_INVALID_OPTION' });
    expect(errorOf(() => { cache.remove('f', { signatur: 1 } as object); })).toMatchObject({ code: 'ERR_SPILLWAY_INVALID_OPTION' });
  });
});
