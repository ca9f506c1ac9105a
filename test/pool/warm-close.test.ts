import { errorOf } from '../support/error-of';
import { gate, nothing, rejection, settle, WarmWorld } from './warm-world';

jest.setTimeout(60_000);

const all = ['reset', 'check', 'measure', 'destroy'] as const;

describe('close', () => {
  it('idle ones are destroyed, who waits and who comes is turned away, what is in use is left until it comes back', async () => {
    const world = new WarmWorld({ capacity: 2 });
    await world.use('idle');
    const lease = await world.pool.acquire('a');
    const { open, opened } = gate();
    world.hooks.before = (hook) => (hook === 'create' ? opened : undefined);
    // Takes the slot of the idle one, and makes its own there.
    const turnedAway = ['b', 'c', 'd'].map((key) => rejection(world.pool.acquire(key)));
    await settle();
    let isClosed = false;
    const closing = world.pool.close().then(() => (isClosed = true));
    for (const error of [...await Promise.all(turnedAway), await rejection(world.pool.acquire('e'))]) expect(error).toMatchObject({ code: 'ERR_SPILLWAY_STOPPED' });
    expect([isClosed, world.pool.stats.preparing]).toEqual([false, 1]);
    open();
    await closing;
    expect(world.pool.stats).toMatchObject({ ...nothing, leased: 1, ended: { closed: 1 } });
    expect([lease.resource.destroyed, world.hooks.alive]).toEqual([false, 1]);
    expect(errorOf(() => { lease.release(); })).toMatchObject({ code: 'ERR_SPILLWAY_STOPPED' });
    lease.release();
    await world.pool.close();
    await world.pool[Symbol.asyncDispose]();
    expect([world.hooks.alive, await world.pool.trim('max')]).toEqual([0, 0]);
    world.check();
  });

  it('create() is told to stop; where it does not, close() waits no longer than hookTimeoutMs', async () => {
    const world = new WarmWorld({ hookTimeoutMs: 500 });
    let signal: AbortSignal | undefined;
    jest.spyOn(world.hooks, 'create').mockImplementation((request) => {
      ({ signal } = request);
      return new Promise(() => undefined);
    });
    const asked = rejection(world.pool.acquire('a'));
    await settle();
    const closing = world.pool.close();
    expect([signal?.aborted, await asked]).toEqual([true, expect.objectContaining({ code: 'ERR_SPILLWAY_STOPPED' })]);
    world.clock.advance(500);
    await closing;
    expect(world.pool.stats).toMatchObject({ ...nothing, overdueHooks: 1 });
  });

  it('while reset() is at work: what it cleaned is destroyed', async () => {
    const world = new WarmWorld({ capacity: 1 }, all);
    await world.use('a');
    const { open, opened } = gate();
    world.hooks.before = (hook) => (hook === 'reset' ? opened : undefined);
    const asked = rejection(world.pool.acquire('b'));
    await settle();
    const closing = world.pool.close();
    expect(await asked).toMatchObject({ code: 'ERR_SPILLWAY_STOPPED' });
    open();
    await closing;
    expect(world.hooks.alive).toBe(0);
    world.check();
  });

  it('with `using` a late end is silent; discard() is, too', async () => {
    const world = new WarmWorld();
    const [lease, other] = await world.acquireAll('a', 'b');
    await world.pool.close();
    lease?.[Symbol.dispose]();
    other?.discard();
    await world.pool.close();
    expect(world.hooks.alive).toBe(0);
  });

  it('from within create(): it is one close', async () => {
    const world = new WarmWorld();
    const closing: Promise<void>[] = [];
    world.hooks.before = (hook) => { if (hook === 'create') closing.push(world.pool.close()); };
    expect(await rejection(world.pool.acquire('a'))).toMatchObject({ code: 'ERR_SPILLWAY_STOPPED' });
    await Promise.all(closing);
    world.check();
  });
});
