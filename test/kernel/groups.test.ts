import { MiB } from './support/program';
import { refusalOf, useSupervisors, type Supervised } from './support/supervisors';
import { TestCgroup, until } from './support/test-cgroup';

const { create } = useSupervisors();

function groupOf({ pool }: Supervised, id: string): TestCgroup {
  return new TestCgroup(`${pool.directory}/${id}`);
}

function limitsOf(cgroup: TestCgroup): number[] {
  return ['memory.high', 'memory.max'].map((file) => cgroup.number(file));
}

test('limits of a group stand in its files, and in no others', async () => {
  const pool = await create();
  await pool.supervisor.group('tenant', { highBytes: '32MiB', maxBytes: 64 * MiB });
  await pool.supervisor.group('bounded', { maxBytes: '48MiB' });
  await pool.supervisor.group('free');

  expect(limitsOf(groupOf(pool, 'tenant'))).toEqual([32 * MiB, 64 * MiB]);
  expect(limitsOf(groupOf(pool, 'bounded'))).toEqual([Infinity, 48 * MiB]);
  expect(limitsOf(groupOf(pool, 'free'))).toEqual([Infinity, Infinity]);
  expect(limitsOf(pool.pool)).toEqual([96 * MiB, Infinity]);
});

test("over a group's mark its youngest retriable worker dies, and nobody else hears of it", async () => {
  const pool = await create({ limits: { highBytes: 600 * MiB } });
  await pool.supervisor.group('short', { highBytes: 90 * MiB });
  const older = await pool.start('hog', [16], { id: 'older', group: 'short', retriable: true });
  const younger = await pool.start('hog', [8, 4, 0, 400], { id: 'younger', group: 'short', retriable: true });
  const youngest = await pool.start('hog', [16], { id: 'youngest of all', group: 'other', retriable: true });
  for (const { lines } of [older, younger, youngest]) await lines.line('held');

  younger.tell('grow');
  const exit = await younger.worker.exited;
  const report = await pool.relief(1);

  expect(exit).toMatchObject({ cause: 'spillway', blame: 'group-limit', retryHint: 'elsewhere', reportId: report.reportId });
  expect(exit.counters).toMatchObject({ oom_kill: 0 });
  expect(report).toMatchObject({ limit: { level: 'group', id: 'short' }, outcome: 'relieved', victims: [{ id: 'younger', died: true }], before: { markBytes: 90 * MiB } });
  expect(report.candidates.map(({ id }) => id).sort()).toEqual(['older', 'younger']);
  expect(new Set(pool.breaches.map(({ cgroup }) => cgroup))).toEqual(new Set([groupOf(pool, 'short').directory]));
  expect(pool.pool.counter('high', 'memory.events.local')).toBe(0);
  expect(pool.supervisor.status()).toMatchObject({ monitor: 'ok', pool: { short: false }, counts: { kills: 1, kernelOomKills: 0 } });
  for (const { worker } of [older, youngest]) expect(worker.process.exitCode ?? worker.process.signalCode).toBeNull();
});

test('two groups that are short at the same time are both relieved, one round after the other', async () => {
  const pool = await create({ limits: { highBytes: 600 * MiB } });
  const ids = ['one', 'two'];
  const order: string[] = [];
  pool.supervisor.on('victim', ({ id }) => order.push(`victim ${id}`));
  pool.supervisor.on('relief', ({ limit, outcome }) => order.push(`${outcome} ${limit.id ?? ''}`));
  for (const id of ids) await pool.supervisor.group(id, { highBytes: 60 * MiB });
  const hogs = await Promise.all(ids.map((id) => pool.start('hog', [8, 4, 0, 400], { id, group: id, retriable: true })));
  for (const { lines } of hogs) await lines.line('held');

  for (const { tell } of hogs) tell('grow');
  const exits = await Promise.all(hogs.map(({ worker }) => worker.exited));
  await until('both reports', () => pool.reliefs.length === 2);

  for (const exit of exits) expect(exit).toMatchObject({ cause: 'spillway', blame: 'group-limit' });
  const [first = '', , second = ''] = pool.reliefs.flatMap(({ limit: { id = '' } }) => [id, id]);
  expect([first, second].sort()).toEqual(ids);
  expect(order).toEqual([`victim ${first}`, `relieved ${first}`, `victim ${second}`, `relieved ${second}`]);
});

test('a group that gets its limits when its workers run already is relieved like any other', async () => {
  const pool = await create({ limits: { highBytes: 600 * MiB } });
  const hog = await pool.start('hog', [8, 4, 0, 400], { id: 'hog', group: 'late' });
  await hog.lines.line('held');
  await pool.supervisor.group('late', { highBytes: 60 * MiB });
  expect(pool.reliefs).toEqual([]);

  hog.tell('grow');

  expect(await hog.worker.exited).toMatchObject({ cause: 'spillway', blame: 'group-limit' });
  expect(await pool.relief(1)).toMatchObject({ limit: { level: 'group', id: 'late' } });
});

test('the default group may have limits as well', async () => {
  const pool = await create({ limits: { highBytes: 600 * MiB } });
  await pool.supervisor.group('default', { highBytes: 60 * MiB });

  const hog = await pool.start('hog', [8, 4, 10, 400], { id: 'hog' });

  expect(await hog.worker.exited).toMatchObject({ cause: 'spillway', blame: 'group-limit' });
});

test('bad names and limits of groups are refused, and nothing is made', async () => {
  const pool = await create();
  const { supervisor } = pool;
  const made = () => pool.pool.children().map(({ name }) => name);
  const before = made();

  for (const id of ['', '.', '..', '../evil', 'a/b', 'x'.repeat(65), 'cgroup.procs', 'a b', 'a\n', 'a\0', 5, undefined, null, {}]) {
    expect(await refusalOf(supervisor.group(id as string, {}))).toMatchObject({ code: 'ERR_SPILLWAY_INVALID_OPTION' });
    if (id !== undefined) expect(await refusalOf(supervisor.spawn('true', [], {}, { group: id as string }))).toMatchObject({ code: 'ERR_SPILLWAY_INVALID_OPTION' });
  }
  for (const options of [{ highBytes: 0 }, { maxBytes: -1 }, { highBytes: 2 * MiB, maxBytes: MiB }, { maxBytes: 'much' }, { lowBytes: 1 }, null, 5]) {
    expect(await refusalOf(supervisor.group('good', options as object))).toMatchObject({ code: 'ERR_SPILLWAY_INVALID_OPTION' });
  }

  expect(made()).toEqual(before);
  await supervisor.close();
  expect(await refusalOf(supervisor.group('good', {}))).toMatchObject({ code: 'ERR_SPILLWAY_STOPPED' });
});
