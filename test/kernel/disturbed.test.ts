import { MiB } from './support/program';
import { refusalOf, useSupervisors } from './support/supervisors';
import { until } from './support/test-cgroup';

const { create } = useSupervisors();

test('the pool removed from outside is told, spawns are refused, close() ends well', async () => {
  const pool = await create();

  pool.pool.remove();
  await until("'degraded'", () => pool.degraded.length > 0);

  expect(pool.degraded).toMatchObject([{ code: 'ERR_SPILLWAY_CGROUP_NOT_FOUND' }]);
  expect(await refusalOf(pool.supervisor.spawn('true'))).toMatchObject({ code: 'ERR_SPILLWAY_CGROUP_NOT_FOUND' });
  expect(pool.supervisor.status()).toMatchObject({ monitor: 'stopped', pool: undefined, workers: [] });
  await pool.supervisor.close();
  pool.degraded.length = 0;
});

test('the pool with a worker cannot be removed from outside, and relief goes on', async () => {
  const pool = await create();
  const hog = await pool.start('hog', [8, 4, 0, 400], { id: 'hog' });
  await hog.lines.line('held');

  expect(() => { pool.pool.remove(); }).toThrow(/EBUSY/);
  hog.tell('grow');

  expect(await pool.relief(1)).toMatchObject({ outcome: 'relieved', victims: [{ id: 'hog' }] });
});

test('memory.high raised in mid-round: nobody else dies', async () => {
  const pool = await create();
  const hogs = [await pool.start('hog', [40], { id: 'hog-1' }), await pool.start('hog', [8], { id: 'hog-2' })];
  for (const { lines } of hogs) await lines.line('held');
  pool.supervisor.once('victim', () => pool.pool.write('memory.high', 400 * MiB));

  hogs[0]?.tell('80');
  const report = await pool.relief(1);

  expect(report).toMatchObject({ outcome: 'relieved', victims: [{ id: 'hog-2' }], before: { markBytes: 96 * MiB }, after: { short: false, markBytes: 400 * MiB } });
  await hogs[0]?.lines.find('the memory', () => hogs[0]?.lines.all.length === 2);
  expect(hogs[0]?.worker.process.exitCode).toBeNull();
});

test('memory.high raised before the round begins: nobody dies, and there is nothing to report', async () => {
  const pool = await create();
  pool.supervisor.on('breach', ({ short }) => {
    if (short) pool.pool.write('memory.high', 400 * MiB);
  });

  const hog = await pool.start('hog', [8, 4, 10, 120], { id: 'hog' });
  await hog.lines.line('full');
  await until("'clear'", () => pool.supervisor.status().monitor === 'ok');

  // A second breach may have been on its way when the mark was raised.
  expect(pool.supervisor.status().counts.reliefRounds).toBeGreaterThan(0);
  expect(pool.victims).toEqual([]);
  expect(pool.reliefs).toEqual([]);
  expect(hog.worker.process.exitCode).toBeNull();
});

test('memory.high lowered below what is used: the safety read finds it, and it is relieved', async () => {
  const pool = await create();
  const hog = await pool.start('hog', [60], { id: 'hog' });
  await hog.lines.line('held');
  expect(pool.breaches.filter(({ short }) => short)).toEqual([]);

  pool.pool.write('memory.high', 48 * MiB);

  expect(await pool.relief(1)).toMatchObject({ outcome: 'relieved', victims: [{ id: 'hog' }], before: { markBytes: 48 * MiB } });
});

test('close() in the listener of a victim ends the round, and everybody', async () => {
  const pool = await create();
  const honest = await pool.start('honest', [], { id: 'honest' });
  const hog = await pool.start('hog', [8, 4, 10, 400], { id: 'hog', retriable: true });
  const closed = new Promise<void>((resolve, reject) => {
    pool.supervisor.once('victim', () => { pool.supervisor.close().then(resolve, reject); });
  });

  await closed;

  expect(pool.pool.exists).toBe(false);
  expect(await honest.worker.exited).toMatchObject({ cause: 'closed' });
  // Named as a victim before it was closed: one of the two it is.
  expect(['spillway', 'closed']).toContain((await hog.worker.exited).cause);
  expect(pool.reliefs).toHaveLength(1);
  expect(pool.reliefs[0]?.outcome).toBe('closed');
});

test('close() in the listener of the breach: no round begins', async () => {
  const pool = await create();
  const closed = new Promise<void>((resolve, reject) => {
    pool.supervisor.on('breach', ({ short }) => {
      if (short) pool.supervisor.close().then(resolve, reject);
    });
  });
  const hog = await pool.start('hog', [8, 4, 10, 400], { id: 'hog' });

  await closed;

  expect(await hog.worker.exited).toMatchObject({ cause: 'closed' });
  expect(pool.reliefs).toEqual([]);
  expect(pool.supervisor.status().counts).toMatchObject({ reliefRounds: 0, kills: 0 });
});

test('a worker that is started anew in the listener of its exit runs', async () => {
  const pool = await create();
  const again = new Promise<number>((resolve, reject) => {
    pool.supervisor.once('exit', ({ id }) => { pool.run('true', [], { id }).then(({ worker }) => { resolve(worker.pid); }, reject); });
  });

  await pool.start('hog', [8, 4, 10, 400], { id: 'hog' });

  expect(await again).toBeGreaterThan(0);
  await until('its end', () => pool.exits.length === 2);
  expect(pool.exits).toMatchObject([{ id: 'hog', cause: 'spillway' }, { id: 'hog', cause: 'exit' }]);
});
