import type { ReliefReport } from '../../lib/supervisor/types';
import { MiB } from './support/program';
import { useSupervisors, type Options, type Supervised } from './support/supervisors';
import { startTaker } from './support/takers';
import { until } from './support/test-cgroup';

const { create } = useSupervisors();

/** A pool of 160 MiB with a group of 64 MiB in it. */
async function createTight(options: Options = {}): Promise<Supervised> {
  const pool = await create({ limits: { highBytes: 160 * MiB }, ...options });
  await pool.supervisor.group('tight', { highBytes: 64 * MiB });
  return pool;
}

const hour = 3_600_000;

function signalled({ timeline }: ReliefReport): number[] {
  return timeline.filter(({ step }) => step === 'signalled').map(({ atMs }) => atMs);
}

test("over its group's mark a victim with graceMs gets SIGTERM, and may end by itself", async () => {
  const pool = await createTight();
  const elder = await startTaker(pool, { id: 'elder', group: 'tight', mib: 20 });
  const obeying = await startTaker(pool, { id: 'obeying', group: 'tight', retriable: true, graceMs: hour, on: { TERM: 'exit 5' } });

  obeying.tell('take 60');
  const report = await pool.relief(1);

  expect(report).toMatchObject({ outcome: 'relieved', limit: { level: 'group', id: 'tight' }, victims: [{ id: 'obeying', signal: 'SIGTERM', died: true }] });
  expect(signalled(report)).toHaveLength(1);
  expect(await obeying.exited).toMatchObject({ code: 5, signal: null, cause: 'spillway', blame: 'group-limit', retryHint: 'elsewhere', reportId: report.reportId });
  expect(elder.isAlive).toBe(true);
  expect(pool.supervisor.status().counts).toMatchObject({ kills: 1, kernelOomKills: 0 });
});

test('one that does not handle SIGTERM dies of it, and it is told as our kill', async () => {
  const pool = await createTight();
  const simple = await startTaker(pool, { id: 'simple', group: 'tight', graceMs: hour });

  simple.tell('take 80');
  const report = await pool.relief(1);

  expect(await simple.exited).toMatchObject({ code: null, signal: 'SIGTERM', cause: 'spillway', blame: 'group-limit', reportId: report.reportId });
  expect(report).toMatchObject({ outcome: 'relieved', victims: [{ id: 'simple', signal: 'SIGTERM', died: true }] });
});

test('one that ignores SIGTERM is killed after graceMs', async () => {
  const pool = await createTight();
  const stubborn = await startTaker(pool, { id: 'stubborn', group: 'tight', graceMs: 400, on: { TERM: 'ignore' } });

  stubborn.tell('take 80');
  const report = await pool.relief(1);

  expect(report).toMatchObject({ outcome: 'relieved', victims: [{ id: 'stubborn', signal: 'SIGTERM', died: true }] });
  const [asked = NaN, killed = NaN] = signalled(report);
  expect(killed - asked).toBeGreaterThan(399);
  expect(await stubborn.exited).toMatchObject({ code: null, signal: 'SIGKILL', cause: 'spillway', blame: 'group-limit', reportId: report.reportId });
});

test("over a worker's own mark it has its grace as well", async () => {
  const pool = await createTight();
  const own = await startTaker(pool, { id: 'own', graceMs: hour, memory: { highBytes: 32 * MiB }, on: { TERM: 'exit 6' } });

  own.tell('take 60');
  const report = await pool.relief(1);

  expect(report).toMatchObject({ limit: { level: 'worker', id: 'own' }, victims: [{ id: 'own', signal: 'SIGTERM', died: true }] });
  expect(await own.exited).toMatchObject({ code: 6, cause: 'spillway', blame: 'own-limit', retryHint: 'bigger' });
});

test('when the pool becomes short meanwhile, the grace is over at once', async () => {
  const pool = await createTight();
  const neighbour = await startTaker(pool, { id: 'neighbour', group: 'wide', mib: 70 });
  const stubborn = await startTaker(pool, { id: 'stubborn', group: 'tight', retriable: true, graceMs: hour, on: { TERM: 'ignore' } });

  stubborn.tell('take 80');
  await stubborn.says('got TERM');
  expect(stubborn.isAlive).toBe(true);
  neighbour.tell('take 40');

  expect(await stubborn.exited).toMatchObject({ signal: 'SIGKILL', cause: 'spillway', blame: 'group-limit' });
  expect(await pool.relief(1)).toMatchObject({ outcome: 'relieved', limit: { level: 'group' }, victims: [{ id: 'stubborn', signal: 'SIGTERM', died: true }] });
  await neighbour.says('held 110');
  expect(pool.victimIds()).toEqual(['stubborn']);
});

test("at the pool's mark nobody gets SIGTERM: all others stand still meanwhile", async () => {
  const pool = await createTight();
  const elder = await startTaker(pool, { id: 'elder', mib: 40 });
  const obeying = await startTaker(pool, { id: 'obeying', retriable: true, graceMs: hour, on: { TERM: 'exit 5' } });

  obeying.tell('take 160');
  const report = await pool.relief(1);

  expect(report).toMatchObject({ outcome: 'relieved', limit: { level: 'pool' }, victims: [{ id: 'obeying', signal: 'SIGKILL', died: true }] });
  expect(signalled(report)).toHaveLength(1);
  expect(await obeying.exited).toMatchObject({ code: null, signal: 'SIGKILL', cause: 'spillway', blame: 'pool' });
  expect(elder.isAlive).toBe(true);
});

test('close() cuts the grace of a round short', async () => {
  const pool = await createTight();
  const stubborn = await startTaker(pool, { id: 'stubborn', group: 'tight', graceMs: hour, on: { TERM: 'ignore' } });

  stubborn.tell('take 80');
  await stubborn.says('got TERM');
  await pool.supervisor.close();

  expect(await stubborn.exited).toMatchObject({ signal: 'SIGKILL' });
  await until('the report', () => pool.reliefs.length > 0);
  expect(pool.reliefs).toMatchObject([{ victims: [{ id: 'stubborn', died: true }] }]);
});

test('worker.kill() cuts the grace of a round short', async () => {
  const pool = await createTight();
  const stubborn = await startTaker(pool, { id: 'stubborn', group: 'tight', graceMs: hour, on: { TERM: 'ignore' } });

  stubborn.tell('take 80');
  await stubborn.says('got TERM');
  stubborn.started.worker.kill();

  expect(await pool.relief(1)).toMatchObject({ outcome: 'relieved', victims: [{ id: 'stubborn', signal: 'SIGTERM', died: true }] });
  expect(await stubborn.exited).toMatchObject({ signal: 'SIGKILL' });
});
