import type { WorkerExit } from '../../lib/supervisor/types';
import { trials } from '../support/trials';
import { leaper, taking } from './support/leap';
import { MiB } from './support/program';
import { useSupervisors, type Started, type Supervised } from './support/supervisors';

const { create, make } = useSupervisors();

const rounds = trials(4, 20);
const killed = { code: null, signal: 'SIGKILL', cause: 'kernel-oom' };

async function endOfLeap({ worker, tell }: Started): Promise<WorkerExit> {
  tell('go');
  return worker.exited;
}

/** The limit is watched: the kernel or Spillway may be first, and of a worker with one process the counters know who was. */
function expectAgreement({ cause, counters, reportId }: WorkerExit): void {
  expect(['kernel-oom', 'spillway']).toContain(cause);
  expect(cause === 'kernel-oom').toBe((counters?.oom_kill ?? NaN) > 0);
  expect(reportId !== undefined).toBe(cause === 'spillway');
}

/** All that the kernel counted in the pool stands in somebody's exit. */
function expectNoneLost({ pool, exits }: Supervised): void {
  expect(exits.reduce((sum, { counters }) => sum + (counters?.oom_kill ?? NaN), 0)).toBe(pool.counter('oom_kill'));
}

test(`the own memory.max of a worker: ${rounds} of ${rounds} blamed on it`, async () => {
  const pool = await create();
  const neighbour = await pool.run('sleep', ['1000'], { id: 'neighbour' });

  for (let round = 0; round < rounds; round++) {
    const exit = await endOfLeap(await leaper(pool, { id: 'tiny', memory: { maxBytes: 16 * MiB } }));

    expect(exit).toMatchObject({ id: 'tiny', ...killed, blame: 'own-limit', retryHint: 'bigger', leftovers: 0 });
    expect(exit.counters?.oom_kill).toBeGreaterThan(0);
    expect(exit.reportId).toBeUndefined();
  }
  expectNoneLost(pool);
  expect(pool.reliefs).toEqual([]);
  expect(neighbour.worker.process.exitCode).toBeNull();
  expect(pool.supervisor.status().counts.kernelOomKills).toBe(pool.pool.counter('oom_kill'));
});

test(`the memory.max of a group: ${rounds} of ${rounds} blamed on it, also the first`, async () => {
  const pool = await create();
  await pool.supervisor.group('tenant', { maxBytes: 24 * MiB });
  const neighbour = await pool.run('sleep', ['1000'], { id: 'neighbour', group: 'tenant' });

  for (let round = 0; round < rounds; round++) {
    const exit = await endOfLeap(await leaper(pool, { group: 'tenant' }));

    expect(exit).toMatchObject({ code: null, signal: 'SIGKILL', blame: 'group-limit', retryHint: 'elsewhere' });
    expectAgreement(exit);
    expect(exit.counters).toMatchObject({ oom: 0 });
  }
  expectNoneLost(pool);
  expect(neighbour.worker.process.exitCode).toBeNull();
});

test(`the memory.max of the pool in one leap: ${rounds} of ${rounds} blamed on it, whoever was first`, async () => {
  const pool = await create({ limits: { highBytes: 60 * MiB, maxBytes: 61 * MiB } });
  await pool.supervisor.group('tenant', { maxBytes: 'max' });

  for (let round = 0; round < rounds; round++) {
    const exit = await endOfLeap(await leaper(pool, round % 2 === 0 ? {} : { group: 'tenant' }));

    expect(exit).toMatchObject({ code: null, signal: 'SIGKILL', blame: 'pool', retryHint: 'elsewhere' });
    expectAgreement(exit);
  }
  expectNoneLost(pool);
});

test(`the memory.max of an ancestor: ${rounds} of ${rounds} blamed on the host`, async () => {
  const pool = await create({ base: make({ 'memory.max': 48 * MiB }) });
  await pool.supervisor.group('tenant', { maxBytes: 90 * MiB });

  for (let round = 0; round < rounds; round++) {
    const exit = await endOfLeap(await leaper(pool, round % 2 === 0 ? {} : { group: 'tenant' }));

    expect(exit).toMatchObject({ ...killed, blame: 'host', retryHint: 'elsewhere' });
  }
  expectNoneLost(pool);
});

test('several workers at the same time by different limits: each is told its own', async () => {
  const pool = await create({ base: make({ 'memory.max': 160 * MiB }), limits: { highBytes: 400 * MiB } });
  await pool.supervisor.group('one', { maxBytes: 24 * MiB });
  await pool.supervisor.group('two', { maxBytes: 24 * MiB });
  // Not one whose limit is hit as well: there the kernel may rightly choose the worker for the group's sake.
  await pool.supervisor.group('wide', { maxBytes: 64 * MiB });

  for (let round = 0; round < rounds; round++) {
    const workers = [
      await leaper(pool, { id: 'own-limit', memory: { maxBytes: 12 * MiB } }),
      await leaper(pool, { id: 'own-limit in a group', group: 'wide', memory: { maxBytes: 12 * MiB } }),
      await leaper(pool, { id: 'group-limit of one', group: 'one' }),
      await leaper(pool, { id: 'group-limit of two', group: 'two' }),
      await leaper(pool, { id: 'host' }),
    ];
    const bystander = await pool.run('sleep', ['1000']);

    const exits = await Promise.all(workers.map(endOfLeap));

    expect(exits.map(({ id, blame }) => [id, blame])).toEqual([
      ['own-limit', 'own-limit'],
      ['own-limit in a group', 'own-limit'],
      ['group-limit of one', 'group-limit'],
      ['group-limit of two', 'group-limit'],
      ['host', 'host'],
    ]);
    exits.forEach(expectAgreement);
    expect(bystander.worker.process.exitCode).toBeNull();
    bystander.worker.kill();
    await bystander.worker.exited;
  }
  expectNoneLost(pool);
});

test("a worker's child that hits a limit: the whole worker is the kernel's, and its neighbour lives (memory.oom.group)", async () => {
  const pool = await create();
  await pool.supervisor.group('tenant', { maxBytes: 24 * MiB });
  const neighbour = await pool.run('sleep', ['1000'], { group: 'tenant' });
  const family = (options: object) => pool.run('sh', ['-c', `sleep 1000 & ${taking(400)} & wait; sleep 1000`], options);

  const own = await family({ memory: { maxBytes: 16 * MiB } });
  const group = await family({ group: 'tenant' });
  const exits = [await own.worker.exited, await group.worker.exited];

  expect(exits).toMatchObject([
    { ...killed, blame: 'own-limit', retryHint: 'bigger' },
    { signal: 'SIGKILL', blame: 'group-limit', retryHint: 'elsewhere' },
  ]);
  expect(neighbour.worker.process.exitCode).toBeNull();
  expectNoneLost(pool);
});
