import { systemClock, type Clock } from '../../lib/clock';
import type { Reclaimer } from '../../lib/supervisor/room/reclaimers';
import { MiB } from './support/program';
import { refusalOf, useSupervisors, type Options, type Supervised } from './support/supervisors';
import { startTaker, type Taker } from './support/takers';
import { until } from './support/test-cgroup';

const { create } = useSupervisors();

const markBytes = 160 * MiB;

/** Looks often, that tests need not wait. */
function createRoomy(options: Options = {}): Promise<Supervised> {
  return create({ limits: { highBytes: markBytes }, roomMs: 50, ...options });
}

/** Gives back all that a worker holds. */
function cacheOf(worker: Taker): Reclaimer & { asked: number[] } {
  const asked: number[] = [];
  return {
    name: 'cache',
    asked,
    async reclaim(bytes) {
      asked.push(bytes);
      const before = worker.started.worker.usage()?.anonBytes ?? 0;
      await worker.drop();
      return Math.max(0, before - (worker.started.worker.usage()?.anonBytes ?? 0));
    },
  };
}

/** Does nothing before the mark. */
function onlyInRounds({ supervisor }: Supervised, reclaimer: Reclaimer): Reclaimer {
  return { name: reclaimer.name, reclaim: (bytes, signal) => (supervisor.status().counts.reliefRounds === 0 ? 0 : reclaimer.reclaim(bytes, signal)) };
}

test('a reclaimer that is asked from 0.90 of the mark on keeps the pool from the mark', async () => {
  const pool = await createRoomy();
  const holder = await startTaker(pool, { id: 'holder', mib: 60 });
  const worker = await startTaker(pool, { id: 'worker', retriable: true });
  const cache = cacheOf(holder);
  pool.supervisor.addReclaimer(cache);

  // More than the mark altogether.
  await worker.fillTo(0.925);
  await until('the cache to be asked', () => cache.asked.length > 0);
  await holder.says('dropped');
  await worker.fillTo(0.87);

  expect(cache.asked[0]).toBeGreaterThan(0);
  expect(cache.asked[0]).toBeLessThan(0.06 * markBytes);
  expect(worker.said.at(-1)).toMatch(/^held 1[1-9]\d$/);
  expect(pool.supervisor.status()).toMatchObject({ monitor: 'ok', counts: { reliefRounds: 0, shortBreaches: 0 } });
  expect(pool.reliefs).toEqual([]);
  expect(pool.pool.counter('high', 'memory.events.local')).toBe(0);
});

test('at the mark reclaimers come before any kill, and save everybody', async () => {
  const pool = await createRoomy({ reclaimBudgetMs: 30_000 });
  const holder = await startTaker(pool, { id: 'holder', mib: 60 });
  const worker = await startTaker(pool, { id: 'worker', retriable: true, mib: 60 });
  pool.supervisor.addReclaimer(onlyInRounds(pool, cacheOf(holder)));

  worker.tell('take 50');
  const report = await pool.relief(1);

  expect(report).toMatchObject({ outcome: 'relieved', victims: [], decisions: [], reclaimed: [{ name: 'cache' }], before: { short: true }, after: { short: false } });
  expect(report.reclaimed[0]?.givenBytes).toBeGreaterThan(55 * MiB);
  // By a look of its own: the worker goes on taking meanwhile.
  expect(report.reclaimed[0]?.askedBytes).toBeGreaterThan(0);
  expect(report.timeline.map(({ step }) => step).filter((step) => step !== 'extended')).toEqual(['noticed', 'leased', 'measured', 'reclaimed', 'measured', 'ended']);
  await worker.says('held 110');
  expect(pool.victims).toEqual([]);
  expect(holder.isAlive).toBe(true);
});

test('what reclaimers give is not enough: the rest is had by a kill', async () => {
  const pool = await createRoomy({ reclaimBudgetMs: 30_000 });
  const elder = await startTaker(pool, { id: 'elder', mib: 60 });
  const holder = await startTaker(pool, { id: 'holder', mib: 3 });
  const worker = await startTaker(pool, { id: 'worker', retriable: true });
  pool.supervisor.addReclaimer(onlyInRounds(pool, cacheOf(holder)));

  worker.tell('take 150');
  const report = await pool.relief(1);

  expect(report).toMatchObject({ outcome: 'relieved', reclaimed: [{ name: 'cache' }], victims: [{ id: 'worker', died: true }] });
  for (const { isAlive } of [elder, holder]) expect(isAlive).toBe(true);
});

test('a reclaimer that hangs costs reclaimBudgetMs, and the kill comes', async () => {
  const waits: number[] = [];
  const clock: Clock = { now: () => systemClock.now(), wait: (ms, signal) => {
    waits.push(ms);
    return systemClock.wait(ms, signal);
  } };
  const pool = await createRoomy({ reclaimBudgetMs: 217, clock });
  const worker = await startTaker(pool, { id: 'worker', retriable: true, mib: 60 });
  let told: AbortSignal | undefined;
  pool.supervisor.addReclaimer(onlyInRounds(pool, { name: 'hanging', reclaim: (_, signal) => {
    told = signal;
    return new Promise(() => undefined);
  } }));

  worker.tell('take 100');
  const report = await pool.relief(1);

  expect(report).toMatchObject({ outcome: 'relieved', reclaimed: [{ name: 'hanging', givenBytes: 0, error: 'it did not return within the budget of 217 ms' }], victims: [{ id: 'worker' }] });
  expect(told?.aborted).toBe(true);
  expect(waits.filter((ms) => ms === 217)).toHaveLength(1);
});

test("'accepting' turns false from 0.95 of the mark on, and true again some way below", async () => {
  const pool = await createRoomy();
  const told: boolean[] = [];
  pool.supervisor.on('accepting', (accepting) => told.push(accepting));
  const worker = await startTaker(pool, { id: 'worker' });

  await worker.fillTo(0.93);
  expect(pool.supervisor.accepting).toBe(true);
  await worker.fillTo(0.965);
  await until('it to be full', () => !pool.supervisor.accepting);
  expect(pool.supervisor.status()).toMatchObject({ accepting: false, monitor: 'ok' });
  await worker.drop();
  await until('room', () => pool.supervisor.accepting);

  expect(told).toEqual([false, true]);
  expect(pool.supervisor.status().counts).toMatchObject({ shortBreaches: 0, reliefRounds: 0 });
});

test('waitForRoom() resolves when room comes back, first come, first served', async () => {
  const pool = await createRoomy();
  const worker = await startTaker(pool, { id: 'worker' });
  await worker.fillTo(0.6);
  const order: string[] = [];
  const wait = (name: string, mib: number): Promise<unknown> => pool.supervisor.waitForRoom({ bytes: mib * MiB }).then(() => order.push(name));

  await wait('at once', 16);
  const waits = [wait('large', 100), wait('small', 1)];
  await worker.fillTo(0.965);
  await until('it to be full', () => !pool.supervisor.accepting);
  order.push('full');
  await worker.drop();
  await Promise.all(waits);

  expect(order).toEqual(['at once', 'full', 'large', 'small']);
  expect(await refusalOf(pool.supervisor.waitForRoom({ bytes: markBytes }))).toMatchObject({ code: 'ERR_SPILLWAY_INVALID_OPTION' });
});

test('waitForRoom() rejects on its signal, after its time, and on close()', async () => {
  const pool = await createRoomy();
  const worker = await startTaker(pool, { id: 'worker' });
  await worker.fillTo(0.958);
  await until('it to be full', () => !pool.supervisor.accepting);
  const abort = new AbortController();
  const reason = new Error('the client has gone');

  const aborted = refusalOf(pool.supervisor.waitForRoom({ signal: abort.signal }));
  const closed = refusalOf(pool.supervisor.waitForRoom());
  expect(await refusalOf(pool.supervisor.waitForRoom({ timeoutMs: 50 }))).toMatchObject({ code: 'ERR_SPILLWAY_TIMEOUT' });
  abort.abort(reason);
  expect((await aborted).error).toBe(reason);
  await pool.supervisor.close();

  expect(await closed).toMatchObject({ code: 'ERR_SPILLWAY_STOPPED' });
  expect(await refusalOf(pool.supervisor.waitForRoom())).toMatchObject({ code: 'ERR_SPILLWAY_STOPPED' });
});

test('spawn() waits while the pool is full, and starts when there is room', async () => {
  const pool = await createRoomy({ maxSpawnDelayMs: 60_000 });
  const worker = await startTaker(pool, { id: 'worker' });
  await worker.fillTo(0.958);
  await until('it to be full', () => !pool.supervisor.accepting);
  const order: string[] = [];
  pool.supervisor.on('accepting', (accepting) => order.push(`accepting ${String(accepting)}`));
  const abort = new AbortController();

  const spawned = pool.run('sleep', ['1000'], { id: 'late' }).then(() => order.push('spawned'));
  const given = refusalOf(pool.supervisor.spawn('sleep', ['1000'], { signal: abort.signal }));
  abort.abort();
  await given;
  expect(pool.supervisor.status().workers).toHaveLength(1);
  await worker.drop();
  await spawned;

  expect(order).toEqual(['accepting true', 'spawned']);
});

test('spawn() goes ahead after maxSpawnDelayMs though the pool is full', async () => {
  const pool = await createRoomy({ maxSpawnDelayMs: 100 });
  const worker = await startTaker(pool, { id: 'worker' });
  await worker.fillTo(0.955);
  await worker.fillTo(0.955);
  await until('it to be full', () => !pool.supervisor.accepting);

  const { worker: late } = await pool.run('sleep', ['1000'], { id: 'late' });

  expect(late.process.exitCode).toBeNull();
  expect(pool.supervisor.accepting).toBe(false);
  expect(pool.reliefs).toEqual([]);
});

test('levels of its own: each thing is done from there on', async () => {
  const pool = await createRoomy({ levels: { reclaimAt: 0.3, warnAt: 0.45, slowAt: 0.6 } });
  const asked: number[] = [];
  pool.supervisor.addReclaimer({ name: 'nothing', reclaim: (bytes) => {
    asked.push(bytes);
    return 0;
  } });
  const worker = await startTaker(pool, { id: 'worker' });
  const shedding = await startTaker(pool, { id: 'shedding', shed: 'signal', on: { USR2: 'ignore' } });

  await worker.fillTo(0.25);
  expect(asked).toEqual([]);
  await worker.fillTo(0.38);
  await until('the reclaimer to be asked', () => asked.length > 0);
  expect(shedding.said).not.toContain('got USR2');
  await worker.fillTo(0.52);
  await shedding.says('got USR2');
  expect(pool.supervisor.accepting).toBe(true);
  await worker.fillTo(0.66);
  await until('it to be full', () => !pool.supervisor.accepting);

  expect(pool.supervisor.status().counts).toMatchObject({ shortBreaches: 0, reliefRounds: 0 });
});
