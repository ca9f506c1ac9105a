import type { WarmPoolOptions } from '../../lib/pool';
import { errorOf } from '../support/error-of';
import { nothing, rejection, WarmWorld, type Thing } from './warm-world';

describe('options', () => {
  it.each<[object, string]>([
    [{ create: undefined }, "'create'"], [{ create: {} }, "'create'"], [{ reset: 1 }, "'reset'"], [{ check: null }, "'check'"], [{ measure: 'x' }, "'measure'"],
    [{ destroy: true }, "'destroy'"], [{ capacity: 0 }, "'capacity'"], [{ capacity: -1 }, "'capacity'"], [{ capacity: 2 ** 53 }, "'capacity'"], [{ capacity: 1.5 }, "'capacity'"],
    [{ maxUnusedWarmSlots: -1 }, "'maxUnusedWarmSlots'"], [{ maxUnusedWarmBytes: NaN }, "'maxUnusedWarmBytes'"], [{ name: '' }, "'name'"], [{ name: 'a\nb' }, "'name'"],
    [{ whenExhausted: 'steal' }, "'whenExhausted'"], [{ maxWaiting: -1 }, "'maxWaiting'"], [{ maxIdleBytes: -1 }, "'maxIdleBytes'"], [{ maxIdleBytes: 2 ** 53 }, "'maxIdleBytes'"],
    [{ maxResourceBytes: 'much' }, "'maxResourceBytes'"], [{ maxIdleBytes: 10, maxResourceBytes: 11 }, 'maxResourceBytes (11)'], [{ idleTimeoutMs: 0 }, "'idleTimeoutMs'"],
    [{ idleTimeoutMs: 2 ** 31 }, "'idleTimeoutMs'"], [{ maxAgeMs: 0 }, "'maxAgeMs'"], [{ maxUses: NaN }, "'maxUses'"], [{ hookTimeoutMs: Infinity }, "'hookTimeoutMs'"], [{ maxUse: 1 }, 'maxUse'],
  ])('%p is refused', (options, message) => {
    expect(errorOf(() => new WarmWorld(options as Partial<WarmPoolOptions<Thing, string>>))).toMatchObject({
      code: 'ERR_SPILLWAY_INVALID_OPTION', message: expect.stringContaining(message) as string,
    });
  });

  it.each<[unknown, unknown]>([[undefined, {}], ['a', { signal: {} }], ['a', { timeoutMs: -1 }], ['a', { timeoutMs: 2 ** 31 }], ['a', { timeout: 5 }], ['a', null]])(
    'acquire(%p, %p) is refused, and leaves nothing', async (key, limits) => {
      const { pool } = new WarmWorld();
      expect(await rejection(pool.acquire(key as string, limits as object))).toMatchObject({ code: 'ERR_SPILLWAY_INVALID_OPTION' });
      expect(pool.stats).toMatchObject(nothing);
    });

  it('trim() refuses what is no number of bytes', async () => {
    const { pool } = new WarmWorld();
    for (const bad of [-1, 2 ** 53, NaN, 'x', undefined]) expect(await rejection(pool.trim(bad as never))).toMatchObject({ code: 'ERR_SPILLWAY_INVALID_OPTION' });
  });

  it('two resources of 2^53 - 1 bytes: the sum stays exact', async () => {
    const world = new WarmWorld();
    world.hooks.thingBytes = Number.MAX_SAFE_INTEGER;
    await world.use('a', 'b');
    expect(world.pool.stats).toMatchObject({ idle: 1, idleBytes: Number.MAX_SAFE_INTEGER, ended: { bytes: 1 } });
  });
});
