import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { KillPolicy } from '../../lib/policy/types';
import { MiB } from './support/program';
import { useSupervisors, type Supervised } from './support/supervisors';
import { TestCgroup, until } from './support/test-cgroup';

const { create } = useSupervisors();

const protecting: KillPolicy = { name: 'protect all', rank: () => [] };

test('a worker over its own mark dies alone, whomever the policy protects', async () => {
  const pool = await create({ limits: { highBytes: 600 * MiB }, policy: protecting });
  const neighbour = await pool.start('hog', [16], { id: 'neighbour', retriable: true });
  const marked = await pool.start('hog', [8, 4, 0, 400], { id: 'marked', memory: { highBytes: 60 * MiB } });
  for (const { lines } of [neighbour, marked]) await lines.line('held');

  marked.tell('grow');
  const exit = await marked.worker.exited;
  const report = await pool.relief(1);

  expect(exit).toMatchObject({ cause: 'spillway', blame: 'own-limit', retryHint: 'bigger', reportId: report.reportId });
  expect(exit.counters).toMatchObject({ oom_kill: 0 });
  expect(report).toMatchObject({
    limit: { level: 'worker', id: 'marked' },
    outcome: 'relieved',
    candidates: [{ id: 'marked' }],
    victims: [{ id: 'marked', died: true }],
    before: { markBytes: 60 * MiB, short: true },
  });
  expect(pool.reliefs).toHaveLength(1);
  expect(pool.pool.counter('high', 'memory.events.local')).toBe(0);
  expect(neighbour.worker.process.signalCode).toBeNull();
});

test('the same in the default group and in one with limits of its own, while the pool is short too', async () => {
  const pool = await create({ limits: { highBytes: 120 * MiB } });
  await pool.supervisor.group('tenant', { highBytes: 100 * MiB });
  const marked = await pool.start('hog', [8, 4, 0, 400], { id: 'marked', group: 'tenant', memory: { highBytes: 50 * MiB } });
  const hog = await pool.start('hog', [8, 4, 0, 400], { id: 'hog', retriable: true });
  for (const { lines } of [marked, hog]) await lines.line('held');

  for (const { tell } of [marked, hog]) tell('grow');
  const exits = [await marked.worker.exited, await hog.worker.exited];

  expect(exits[0]).toMatchObject({ cause: 'spillway', blame: 'own-limit', retryHint: 'bigger' });
  expect(exits[1]).toMatchObject({ cause: 'spillway', blame: 'pool', retryHint: 'elsewhere' });
});

test('a worker that reads files through the page cache at its own mark is left alone', async () => {
  // Of the guest's disk: the pages of other file systems are not like those of ext4.
  const folder = mkdtempSync(join(existsSync('/scratch') ? '/scratch' : '/var/tmp', 'spillway-marks-'));
  try {
    const pool = await create({ limits: { highBytes: 600 * MiB } });
    const reader = await pool.start('reader', [join(folder, 'big'), 96], { id: 'reader', memory: { highBytes: 56 * MiB } });
    await reader.lines.line('pass 3');
    await until('its breaches', () => pool.breaches.length > 0);
    const passes = reader.lines.all.length;

    await reader.lines.line(`pass ${passes + 3}`);

    expect(reader.leaf.counter('high')).toBeGreaterThan(0);
    expect(pool.breaches.filter(({ short }) => short)).toEqual([]);
    expect(pool.breaches.every(({ cgroup }) => cgroup === reader.leaf.directory)).toBe(true);
    expect(pool.supervisor.status().counts).toMatchObject({ shortBreaches: 0, reliefRounds: 0, kills: 0 });
    reader.worker.kill();
    expect(await reader.worker.exited).toMatchObject({ cause: 'signal' });
  } finally {
    rmSync(folder, { recursive: true });
  }
});

function protection({ pool }: Supervised, group?: string): number[] {
  const cgroup = group === undefined ? pool : new TestCgroup(`${pool.directory}/${group}`);
  return ['memory.min', 'memory.low'].map((file) => cgroup.number(file) / MiB);
}

test('what reclaim spares of the pool and of a group is the sum of their workers, and goes with them', async () => {
  const pool = await create();
  const spared = (minBytes: number, lowBytes: number, group: string) =>
    pool.run('sleep', ['1000'], { group, memory: { minBytes: minBytes * MiB, lowBytes: lowBytes * MiB } });
  const [one, two, three] = [await spared(1, 4, 'one'), await spared(2, 8, 'one'), await spared(4, 16, 'two')];
  const only = await pool.run('sleep', ['1000'], { group: 'two', memory: { lowBytes: 32 * MiB } });
  await pool.run('sleep', ['1000'], { group: 'two' });

  expect([protection(pool), protection(pool, 'one'), protection(pool, 'two')]).toEqual([[7, 60], [3, 12], [4, 48]]);
  two.worker.kill();
  await two.worker.exited;
  expect([protection(pool), protection(pool, 'one'), protection(pool, 'two')]).toEqual([[5, 52], [1, 4], [4, 48]]);
  for (const { worker } of [one, three, only]) {
    worker.kill();
    await worker.exited;
  }
  expect([protection(pool), protection(pool, 'one'), protection(pool, 'two')]).toEqual([[0, 0], [0, 0], [0, 0]]);
});

test('a place that is given up, and a program that does not start, leave no protection behind', async () => {
  const pool = await create();
  const memory = { minBytes: MiB, lowBytes: 2 * MiB };

  const prepared = pool.supervisor.prepare({ memory });
  expect(protection(pool)).toEqual([1, 2]);
  prepared[Symbol.dispose]();
  await until('it to be gone', () => protection(pool).join() === '0,0');
  await expect(pool.supervisor.spawn('/no/such/program', [], {}, { memory })).rejects.toMatchObject({ code: 'ENOENT' });

  expect(protection(pool)).toEqual([0, 0]);
  expect(pool.leaves).toEqual([]);
});
