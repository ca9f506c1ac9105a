import { setTimeout as delay } from 'node:timers/promises';
import { Supervisor } from '../../lib/supervisor/supervisor';
import { MiB } from './support/program';
import { refusalOf, useSupervisors } from './support/supervisors';
import { useSupervising } from './support/supervising';
import { TestCgroup, until } from './support/test-cgroup';

const { supervise } = useSupervising();
const { create, make } = useSupervisors();

test('a name that a live supervisor of another process has is refused, and nothing of it is harmed', async () => {
  const base = make();
  const limits = { highBytes: 64 * MiB };
  const owner = supervise({ create: { name: 'pool', cgroup: base.directory, require: 'kernel', force: true, limits }, workers: [['sleep', ['1000'], {}, { id: 'w' }]] });
  await owner.told('ready');
  const pool = new TestCgroup(`${base.directory}/pool`);
  const { pid } = (await owner.told('worker')) as { pid: number };

  const refusal = await refusalOf(Supervisor.create({ name: 'pool', cgroup: base.directory, force: true, limits: { highBytes: 32 * MiB } }));

  expect(refusal).toMatchObject({ code: 'ERR_SPILLWAY_NAME_IN_USE' });
  expect(refusal.message).toMatch(/another name than "pool"/);
  expect(refusal.message).toContain(`(process ${String(owner.child.pid)}, run `);
  expect(pool.number('memory.high')).toBe(64 * MiB);
  expect(pool.make('probe').exists).toBe(true);
  expect(process.kill(pid, 0)).toBe(true);
  pool.children().find(({ name }) => name === 'probe')?.remove();
  await owner.close();
  expect(await owner.told('exit')).toMatchObject({ id: 'w', cause: 'closed' });
  expect(pool.exists).toBe(false);
});

test('the same within one process', async () => {
  const first = await create();

  expect(await refusalOf(Supervisor.create({ name: 'pool', cgroup: first.base.directory, force: true }))).toMatchObject({ code: 'ERR_SPILLWAY_NAME_IN_USE' });
  const { worker } = await first.run('true', []);
  expect(await worker.exited).toMatchObject({ code: 0 });
  await first.supervisor.close();
  const second = await create({ base: first.base });
  expect(second.pool.exists).toBe(true);
});

test("after kill -9 of its owner the next create() ends the workers left, and removes their leaves", async () => {
  const base = make();
  const options = { name: 'pool', cgroup: base.directory, require: 'kernel' as const, force: true, limits: { highBytes: 64 * MiB } };
  const owner = supervise({ create: options, workers: [['sleep', ['1000']], ['sh', ['-c', 'setsid sleep 1000 & exec sleep 1000']]] });
  await owner.told('ready');
  const pool = new TestCgroup(`${base.directory}/pool`);
  const left = new TestCgroup(`${pool.directory}/default`).children();
  await until('all of them', () => left.flatMap((leaf) => leaf.processes()).length >= 3);
  const pids = left.flatMap((leaf) => leaf.processes());

  owner.child.kill('SIGKILL');
  await owner.exited;
  expect(pids.filter(isRunning)).toEqual(pids);

  const next = await create({ base });
  expect(next.pool.number('memory.high')).toBe(96 * MiB);
  expect(next.leaves).toEqual([]);
  expect(left.some((leaf) => leaf.exists)).toBe(false);
  await until('their end', () => pids.every((pid) => !isRunning(pid)));
  const { worker } = await next.run('true', []);
  expect(await worker.exited).toMatchObject({ code: 0 });
});

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

test('two creations at once of one name: one wins, the other is refused', async () => {
  const base = make();
  const options = { name: 'pool', cgroup: base.directory, require: 'kernel' as const, force: true, limits: { highBytes: 64 * MiB } };

  const results = await Promise.allSettled([1, 2, 3, 4].map(() => Supervisor.create(options)));

  const winners = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  expect(winners).toHaveLength(1);
  for (const result of results) {
    if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'ERR_SPILLWAY_NAME_IN_USE' });
  }
  await winners[0]?.close();
  expect(base.children()).toEqual([]);
});

test('a name is free again as soon as close() has resolved, also while others wait for it', async () => {
  const base = make();
  const options = { name: 'pool', cgroup: base.directory, require: 'kernel' as const, force: true, limits: { highBytes: 64 * MiB } };
  for (let round = 0; round < 10; round++) {
    const supervisor = await Supervisor.create(options);
    const closed = supervisor.close();
    await closed;
  }
  expect(base.children()).toEqual([]);
});

test('two supervisors share a base: each relieves its own pool, the other one is not touched', async () => {
  const base = make();
  const one = await create({ base, name: 'one', limits: { highBytes: 64 * MiB } });
  const two = await create({ base, name: 'two', limits: { highBytes: 64 * MiB } });
  const neighbour = await two.start('hog', [24], { id: 'neighbour', retriable: true });
  await neighbour.lines.line('held');

  await one.start('hog', [8, 4, 10, 400], { id: 'hog' });
  const report = await one.relief(1);
  await one.supervisor.close();
  await delay(0);

  expect(report).toMatchObject({ outcome: 'relieved', victims: [{ id: 'hog' }] });
  expect(two.breaches).toEqual([]);
  expect(neighbour.worker.process.exitCode).toBeNull();
  expect(neighbour.leaf.populated).toBe(true);
});
