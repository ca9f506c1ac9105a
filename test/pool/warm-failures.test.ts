import type { Lease } from '../../lib/pool';
import { errorOf } from '../support/error-of';
import { gate, nothing, rejection, settle, WarmWorld, type FakeHooks, type Thing } from './warm-world';

jest.setTimeout(60_000);

const all = ['reset', 'check', 'measure', 'destroy'] as const;

describe('create()', () => {
  it('throws: that acquire() is rejected, the slot is free, and the next in line is served', async () => {
    const world = new WarmWorld({ capacity: 1 });
    let fails = 1;
    world.hooks.before = (hook) => { if (hook === 'create' && fails-- > 0) throw new Error('no'); };
    const [first, second] = [rejection(world.pool.acquire('a')), world.pool.acquire('a')];
    expect(await first).toMatchObject({ code: 'ERR_SPILLWAY_HOOK_FAILED', message: 'create() failed: Error: no', cause: expect.objectContaining({ message: 'no' }) as unknown });
    (await second).release();
    expect(world.pool.stats).toMatchObject({ failedHooks: 1, creations: 1, idle: 1 });
    expect(world.degraded).toEqual([]);
    world.check();
  });

  it('throws at once, and 200 times: no slot is lost', async () => {
    const { pool, hooks } = new WarmWorld({ capacity: 2 });
    const create = jest.spyOn(hooks, 'create').mockImplementation(() => { throw new Error('no'); });
    for (let time = 0; time < 200; time += 1) await rejection(pool.acquire(`k${time % 3}`));
    expect(pool.stats).toMatchObject({ ...nothing, failedHooks: 200 });
    create.mockRestore();
    expect(await Promise.all([pool.acquire('a'), pool.acquire('b')])).toHaveLength(2);
  });

  it.each([undefined, null])('returns %p', async (garbage) => {
    const { pool, hooks } = new WarmWorld();
    jest.spyOn(hooks, 'create').mockResolvedValue(garbage as never);
    expect(await rejection(pool.acquire('a'))).toMatchObject({ code: 'ERR_SPILLWAY_HOOK_INVALID' });
    expect(pool.stats).toMatchObject({ ...nothing, failedHooks: 1 });
  });

  it('hangs: the wait and the slot end after hookTimeoutMs, it is told, and what comes later is destroyed', async () => {
    const world = new WarmWorld({ capacity: 1, hookTimeoutMs: 500 });
    const { open, opened } = gate();
    let signal: AbortSignal | undefined;
    const create = world.hooks.create.bind(world.hooks);
    jest.spyOn(world.hooks, 'create').mockImplementationOnce(async (request) => {
      ({ signal } = request);
      await opened;
      return create(request);
    });
    const asked = rejection(world.pool.acquire('a'));
    const next = world.pool.acquire('b');
    await settle();
    world.clock.advance(500);
    expect(await asked).toMatchObject({ code: 'ERR_SPILLWAY_HOOK_TIMEOUT' });
    expect([signal?.aborted, world.pool.stats.overdueHooks]).toEqual([true, 1]);
    (await next).release();
    open();
    await settle();
    expect(world.pool.stats).toMatchObject({ idle: 1, overdueHooks: 0, ended: { late: 1 } });
    expect([world.hooks.alive, world.clock.waits.size]).toEqual([1, 0]);
  });

  it.each(['a signal', 'timeoutMs'])('is not stopped where %s ends the wait: what it makes is idle for its key', async (how) => {
    const world = new WarmWorld();
    const { open, opened } = gate();
    world.hooks.before = () => opened;
    const controller = new AbortController();
    const asked = rejection(world.pool.acquire('a', { signal: controller.signal, timeoutMs: 50 }));
    await settle();
    if (how === 'timeoutMs') world.clock.advance(50);
    else controller.abort('enough');
    expect(await asked).toEqual(how === 'timeoutMs' ? expect.objectContaining({ code: 'ERR_SPILLWAY_TIMEOUT' }) : 'enough');
    expect(world.pool.stats).toMatchObject({ ...nothing, preparing: 1 });
    open();
    await settle();
    expect(world.pool.stats).toMatchObject({ ...nothing, idle: 1, idleBytes: 10, creations: 0 });
    expect((await world.pool.acquire('a')).outcome).toBe('hit');
    world.check();
  });

  it('given up before it began, because the slot had to be emptied first: nothing is made', async () => {
    const world = new WarmWorld({ capacity: 1 });
    await world.use('a');
    const { open, opened } = gate();
    world.hooks.before = (hook) => (hook === 'destroy' ? opened : undefined);
    const controller = new AbortController();
    const asked = rejection(world.pool.acquire('b', { signal: controller.signal }));
    await settle();
    controller.abort('enough');
    expect(await asked).toBe('enough');
    open();
    await settle();
    expect(world.hooks.calls).toEqual(['create a', 'destroy 0']);
    expect(world.pool.stats).toMatchObject(nothing);
  });
});

describe('another hook fails: it is told of, and the resource is given up', () => {
  const failures: [string, string, (hooks: FakeHooks) => void, object][] = [
    ['reset() throws', 'HOOK_FAILED', (hooks) => jest.spyOn(hooks, 'reset').mockRejectedValue(new Error('no')), { failed: 1 }],
    ['check() throws', 'HOOK_FAILED', (hooks) => jest.spyOn(hooks, 'check').mockRejectedValue(new Error('no')), { failed: 1 }],
    ['check() returns garbage', 'HOOK_INVALID', (hooks) => jest.spyOn(hooks, 'check').mockResolvedValue('yes' as never), { failed: 1 }],
    ['measure() throws', 'HOOK_FAILED', (hooks) => jest.spyOn(hooks, 'measure').mockImplementation(() => { throw new Error('no'); }), { failed: 1 }],
    ...[-1, 0.5, NaN, 2 ** 53, '5', undefined].map((garbage): [string, string, (hooks: FakeHooks) => void, object] =>
      [`measure() returns ${String(garbage)}`, 'HOOK_INVALID', (hooks) => jest.spyOn(hooks, 'measure').mockReturnValue(garbage as never), { failed: 1 }]),
    ['destroy() throws', 'HOOK_FAILED', (hooks) => jest.spyOn(hooks, 'destroy').mockRejectedValue(new Error('no')), { failed: 0 }],
  ];

  it.each(failures)('%s: %s', async (_, code, spoil, ended) => {
    const world = new WarmWorld({ capacity: 1 }, all);
    await world.use('a');
    spoil(world.hooks);
    const lease = await world.pool.acquire('b');
    lease.release();
    await settle();
    await world.pool.trim('max');
    jest.restoreAllMocks();
    expect(world.degraded[0]).toMatchObject({ code: `ERR_SPILLWAY_${code}` });
    expect(world.pool.stats).toMatchObject({ ...nothing, failedHooks: world.degraded.length, ended });
  });

  it.each(['reset', 'check', 'destroy'])('%s() hangs: the slot goes on after hookTimeoutMs', async (hook) => {
    const world = new WarmWorld({ capacity: 1, hookTimeoutMs: 500 }, all);
    await world.use('a');
    const { open, opened } = gate();
    let hangs = 1;
    world.hooks.before = (name) => (name === hook && hangs-- > 0 ? opened : undefined);
    if (hook === 'destroy') jest.spyOn(world.hooks, 'reset').mockResolvedValue(false);
    const asked = world.pool.acquire('b');
    await settle();
    world.clock.advance(500);
    expect((await asked).outcome).toBe('created');
    expect(world.degraded).toEqual([expect.objectContaining({ code: 'ERR_SPILLWAY_HOOK_TIMEOUT' })]);
    expect(world.pool.stats).toMatchObject({ ...nothing, leased: 1, overdueHooks: 1 });
    open();
    await settle();
    expect([world.pool.stats.overdueHooks, world.clock.waits.size]).toEqual([0, 0]);
  });
});

it('a listener of degraded that throws, or that closes the pool: the totals are right', async () => {
  const world = new WarmWorld({}, all);
  await world.use('a', 'b');
  const lease = await world.pool.acquire('a');
  world.pool.on('degraded', () => void world.pool.close());
  jest.spyOn(world.hooks, 'measure').mockImplementation(() => { throw new Error('no'); });
  expect(errorOf(() => { lease.release(); })).toMatchObject({ code: 'ERR_SPILLWAY_STOPPED' });
  await world.pool.close();
  expect(world.pool.stats).toMatchObject({ ...nothing, ended: { failed: 1, closed: 1 } });
  expect(world.hooks.alive).toBe(0);
});

it('hooks that call the pool find right totals', async () => {
  const world = new WarmWorld({ capacity: 2 }, all);
  const sums: number[] = [];
  const inner: Promise<unknown>[] = [];
  world.hooks.before = (hook) => {
    const { leased, preparing, ending, idle } = world.pool.stats;
    sums.push(leased + preparing + ending + idle);
    if (hook === 'create' && inner.length < 3) inner.push(world.pool.acquire('inner').then((lease) => { lease.release(); }));
    if (hook === 'destroy' && inner.length < 5) inner.push(world.pool.trim('max'));
  };
  await world.use('a', 'b', 'c', 'd', 'a');
  await world.pool.trim('max');
  await Promise.all(inner);
  expect(Math.max(...sums)).toBeLessThanOrEqual(2);
  world.check();
});

describe('the k-th call of a hook fails', () => {
  const options = { capacity: 3, maxUnusedWarmSlots: 2, maxIdleBytes: 100, maxResourceBytes: 60, maxUses: 3, maxAgeMs: 1000 };

  const story = async (world: WarmWorld): Promise<void> => {
    const attempt = async (key: string, bytes: number, end: keyof Pick<Lease<Thing>, 'release' | 'discard'> = 'release'): Promise<void> => {
      try {
        const lease = await world.pool.acquire(key);
        await settle();
        lease.resource.bytes = bytes;
        lease[end]();
      } catch (error) {
        expect(error).toMatchObject({ code: 'ERR_SPILLWAY_HOOK_FAILED', message: expect.stringContaining('create()') as string });
      }
      await settle();
    };
    await Promise.all([attempt('a', 20), attempt('a', 30), attempt('b', 20), attempt('c', 40), attempt('a', 10)]);
    await attempt('d', 60);
    await attempt('a', 45, 'discard');
    await attempt('b', 70);
    await attempt('e', 10);
    await world.pool.trim(15);
    world.hooks.things.at(-1)?.lost();
    await settle();
    await world.pass(1001);
    await attempt('a', 30);
  };

  const callCount = async (): Promise<number> => {
    const world = new WarmWorld(options, all);
    let calls = 0;
    world.hooks.before = () => void (calls += 1);
    await story(world);
    return calls;
  };

  it('for every k: no slot is lost, totals are those of what is there, and all of it can be given back', async () => {
    const count = await callCount();
    expect(count).toBeGreaterThan(20);
    for (let k = 0; k < count; k += 1) {
      const world = new WarmWorld(options, all);
      let calls = 0;
      world.hooks.before = () => { if (calls++ === k) throw new Error(`call ${k}`); };
      await story(world);
      world.check();
      const { stats } = world.pool;
      expect([k, stats.leased, stats.waiting, stats.failedHooks]).toEqual([k, 0, 0, 1]);
      expect(stats.idleBytes).toBe(world.hooks.things.reduce((sum, { destroyed, bytes }) => sum + (destroyed ? 0 : bytes), 0));
      expect(await world.acquireAll('x', 'y', 'z')).toHaveLength(3);
      await world.pool.close();
    }
  });
});
