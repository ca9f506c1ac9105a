import { errorOf } from '../support/error-of';
import { isRunning, processesWith, useLaunched } from './support/launched';
import { refusalOf, useSupervisors } from './support/supervisors';
import { until } from './support/test-cgroup';

const { create } = useSupervisors();
const { launch } = useLaunched();

test('a place that was never used and is disposed of: nothing is left, and its id is free', async () => {
  const pool = await create();
  {
    using prepared = pool.supervisor.prepare({ id: 'unused' });
    expect(prepared.wrap('true').args).toContain('true');
    expect(pool.leaves).toHaveLength(1);
    expect(await refusalOf(pool.supervisor.spawn('true', [], {}, { id: 'unused' }))).toMatchObject({ code: 'ERR_SPILLWAY_ID_IN_USE' });
  }
  await until('it to be gone', () => pool.leaves.length === 0);

  const { worker } = await pool.run('true', [], { id: 'unused' });
  expect(await worker.exited).toMatchObject({ id: 'unused', code: 0 });
  expect(pool.exits).toHaveLength(1);
});

test('what wrap() says was started and never attached: disposing of the place ends it', async () => {
  const pool = await create();
  const prepared = pool.supervisor.prepare();
  const { child } = launch(prepared.wrap('sh', ['-c', 'setsid sleep 1113 & exec sleep 1113']));
  await until('both', () => processesWith('sleep 1113').length === 2);

  prepared[Symbol.dispose]();
  prepared[Symbol.dispose]();

  await until('its end', () => child.signalCode === 'SIGKILL');
  await until('its leaf to be gone', () => pool.leaves.length === 0);
  expect(processesWith('sleep 1113')).toEqual([]);
  expect(pool.exits).toEqual([]);
});

test('the same by close()', async () => {
  const pool = await create();
  const places = [1, 2, 3].map(() => pool.supervisor.prepare());
  const started = places.map((place) => launch(place.wrap('sleep', ['1114'])));
  await until('all', () => pool.leaves.every((leaf) => leaf.processes().length === 1));

  await pool.supervisor.close();

  expect(pool.base.children()).toEqual([]);
  for (const { child, pid } of started) {
    expect(isRunning(pid)).toBe(false);
    await until('it to be reaped', () => child.signalCode === 'SIGKILL');
  }
  for (const place of places) expect(await refusalOf(place.attach(1))).toMatchObject({ code: 'ERR_SPILLWAY_STOPPED' });
  expect(errorOf(() => pool.supervisor.prepare())).toMatchObject({ code: 'ERR_SPILLWAY_STOPPED' });
});

test('started by wrap() after its place is gone: it runs, but as nobody of ours, and cannot be attached', async () => {
  const pool = await create();
  const prepared = pool.supervisor.prepare();
  const command = prepared.wrap('sh', ['-c', 'cat /proc/self/cgroup; exec sleep 1000']);
  prepared[Symbol.dispose]();
  await until('it to be gone', () => pool.leaves.length === 0);

  const { child, lines } = launch(command);

  expect(await lines.starting('0::')).not.toContain('/pool/');
  expect(await refusalOf(prepared.attach(child))).toMatchObject({ code: 'ERR_SPILLWAY_STOPPED' });
  expect(isRunning(child.pid ?? 0)).toBe(true);
});

test('prepare() refuses what spawn() refuses, and leaves nothing behind', async () => {
  const pool = await create();
  for (const options of [{ id: '' }, { group: '..' }, { memory: { maxBytes: 0 } }, { pidsMax: 0 }, { unknown: 1 }, null]) {
    expect(errorOf(() => pool.supervisor.prepare(options as object))).toMatchObject({ code: 'ERR_SPILLWAY_INVALID_OPTION' });
  }
  using kept = pool.supervisor.prepare({ id: 'kept' });
  expect(kept).toBeDefined();
  expect(errorOf(() => pool.supervisor.prepare({ id: 'kept' }))).toMatchObject({ code: 'ERR_SPILLWAY_ID_IN_USE' });
  expect(pool.leaves).toHaveLength(1);
});
