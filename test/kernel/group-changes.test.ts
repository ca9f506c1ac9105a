import { setTimeout as delay } from 'node:timers/promises';
import { leaper } from './support/leap';
import { MiB } from './support/program';
import { useSupervisors, type Supervised } from './support/supervisors';
import { TestCgroup, until } from './support/test-cgroup';

const { create } = useSupervisors();

function groupOf({ pool }: Supervised, id = 'tenant'): TestCgroup {
  return new TestCgroup(`${pool.directory}/${id}`);
}

test('a mark lowered below what is used: the group is relieved without any event of the kernel', async () => {
  const pool = await create({ limits: { highBytes: 600 * MiB } });
  await pool.supervisor.group('tenant', { highBytes: 300 * MiB });
  const hog = await pool.start('hog', [60], { id: 'hog', group: 'tenant', retriable: true });
  await hog.lines.line('held');

  await pool.supervisor.group('tenant', { highBytes: 40 * MiB });

  expect(groupOf(pool).number('memory.high')).toBe(40 * MiB);
  expect(await hog.worker.exited).toMatchObject({ cause: 'spillway', blame: 'group-limit', retryHint: 'elsewhere' });
});

test('a mark raised, then removed: the group may have that much', async () => {
  const pool = await create({ limits: { highBytes: 600 * MiB } });
  await pool.supervisor.group('tenant', { highBytes: 60 * MiB, maxBytes: 70 * MiB });
  const hog = await pool.start('hog', [8], { id: 'hog', group: 'tenant' });
  await hog.lines.line('held');

  await pool.supervisor.group('tenant', { highBytes: 150 * MiB, maxBytes: 160 * MiB });
  hog.tell('80');
  await until('it to hold as much', () => (hog.worker.usage()?.anonBytes ?? 0) > 88 * MiB);
  await pool.supervisor.group('tenant');
  expect(['memory.high', 'memory.max'].map((file) => groupOf(pool).number(file))).toEqual([Infinity, Infinity]);
  hog.tell('100');
  await until('it to hold as much', () => (hog.worker.usage()?.anonBytes ?? 0) > 188 * MiB);
  expect(hog.worker.process.signalCode).toBeNull();
  expect(pool.reliefs).toEqual([]);

  await pool.supervisor.group('tenant', { highBytes: 100 * MiB });
  expect(await hog.worker.exited).toMatchObject({ cause: 'spillway', blame: 'group-limit' });
  expect(pool.reliefs.length).toBeLessThanOrEqual(1);
});

test("a memory.max lowered below what is used: whoever is first, it is the group's", async () => {
  const pool = await create({ limits: { highBytes: 600 * MiB } });
  const hog = await pool.start('hog', [100], { id: 'hog', group: 'tenant' });
  const other = await pool.start('hog', [8], { id: 'other', group: 'other' });
  await hog.lines.line('held');
  await other.lines.line('held');

  await pool.supervisor.group('tenant', { maxBytes: 40 * MiB });
  const exit = await hog.worker.exited;

  expect(['spillway', 'kernel-oom']).toContain(exit.cause);
  expect(exit).toMatchObject({ signal: 'SIGKILL', blame: 'group-limit', retryHint: 'elsewhere' });
  expect(other.worker.process.signalCode).toBeNull();
});

test('a limit that is removed and set again is blamed again', async () => {
  const pool = await create({ limits: { highBytes: 600 * MiB } });
  for (let round = 0; round < 2; round++) {
    await pool.supervisor.group('tenant', { maxBytes: 24 * MiB });
    const { worker, tell } = await leaper(pool, { group: 'tenant' });
    tell('go');
    expect(await worker.exited).toMatchObject({ signal: 'SIGKILL', blame: 'group-limit' });
    await pool.supervisor.group('tenant', {});
    const free = await leaper(pool, { group: 'tenant' }, 100);
    free.tell('go');
    expect(await free.worker.exited).toMatchObject({ code: 0, cause: 'exit' });
  }
});

test('limits set many times at once: the last ones stay, and a shortage is relieved once', async () => {
  const pool = await create({ limits: { highBytes: 600 * MiB } });
  const marks = [300, 200, 100, 250, 60];

  await Promise.all(marks.map((mark) => pool.supervisor.group('tenant', { highBytes: mark * MiB, maxBytes: (mark + 300) * MiB })));

  expect(['memory.high', 'memory.max'].map((file) => groupOf(pool).number(file))).toEqual([60 * MiB, 360 * MiB]);
  const hog = await pool.start('hog', [8, 4, 10, 400], { id: 'hog', group: 'tenant' });
  await hog.worker.exited;
  await until('the end of the shortage', () => pool.reliefs.length > 0);
  await pool.start('honest', [10]).then(({ worker }) => worker.exited);
  // Two monitors of the group would have told of it twice.
  expect(pool.reliefs).toHaveLength(1);
  expect(new Set(pool.breaches.map(({ sequence }) => sequence)).size).toBe(pool.breaches.length);
});

test('close() while limits are being set: it closes, and nothing is left or told', async () => {
  for (let round = 0; round < 5; round++) {
    const pool = await create({ name: `pool-${round}` });
    const setting = ['one', 'two', 'three'].map((id) => pool.supervisor.group(id, { highBytes: 40 * MiB }));
    for (let turn = 0; turn < round; turn++) await delay(0);

    await expect(Promise.all([pool.supervisor.close(), ...setting])).resolves.toBeDefined();

    expect(pool.degraded).toEqual([]);
    expect(pool.base.children()).toEqual([]);
  }
});
