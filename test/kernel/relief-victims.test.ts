import { readFileSync } from 'node:fs';
import { MiB, programFile } from './support/program';
import { useSupervisors } from './support/supervisors';
import { until } from './support/test-cgroup';

const { create } = useSupervisors();

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

test('a victim that ignores SIGTERM dies all the same', async () => {
  const pool = await create();
  const stubborn = await pool.start('term-ignorer', [8], { id: 'stubborn', retriable: true });
  await stubborn.lines.line('held');
  stubborn.worker.process.kill('SIGTERM');
  await stubborn.lines.line('ignored SIGTERM');

  stubborn.tell('120');
  const report = await pool.relief(1);

  expect(report).toMatchObject({ outcome: 'relieved', victims: [{ id: 'stubborn', died: true }] });
  expect(await stubborn.worker.exited).toMatchObject({ cause: 'spillway', signal: 'SIGKILL' });
});

test('a victim that is stopped (SIGSTOP) dies all the same', async () => {
  const pool = await create();
  const stopped = await pool.start('hog', [60], { id: 'stopped', retriable: true });
  await stopped.lines.line('held');
  stopped.worker.process.kill('SIGSTOP');

  const other = await pool.start('hog', [8, 4, 10, 60], { id: 'other' });
  expect(await pool.relief(1)).toMatchObject({ outcome: 'relieved', victims: [{ id: 'stopped', died: true }] });

  expect(await stopped.worker.exited).toMatchObject({ cause: 'spillway' });
  expect(other.worker.process.exitCode).toBeNull();
});

test("a victim's children die with it, also those in sessions of their own, and its leaf is removed", async () => {
  const pool = await create();
  const script = 'for i in 1 2 3; do setsid sleep 1000 & echo "pid $!"; done; exec "$0" "$1" 8 4 10 400';
  const family = await pool.run('sh', ['-c', script, process.execPath, programFile('hog')], { id: 'family', retriable: true });

  expect(await pool.relief(1)).toMatchObject({ outcome: 'relieved', victims: [{ id: 'family', died: true }] });

  expect(await family.worker.exited).toMatchObject({ cause: 'spillway', signal: 'SIGKILL' });
  const pids = family.lines.all.filter((line) => line.startsWith('pid ')).map((line) => Number(line.slice('pid '.length)));
  expect(pids).toHaveLength(3);
  await until('them to be reaped by init', () => !pids.some(isAlive));
  expect(pool.leaves).toEqual([]);
});

test('a victim whose children hold the memory: all of it comes back', async () => {
  const pool = await create();
  const script = 'for i in 1 2 3; do "$0" "$1" 30 & done; wait';
  const family = await pool.run('sh', ['-c', script, process.execPath, programFile('hog')], { id: 'family', retriable: true });

  const report = await pool.relief(1);

  expect(report).toMatchObject({ outcome: 'relieved', victims: [{ id: 'family', died: true }] });
  expect(report.victims[0]?.freeableBytes).toBeGreaterThan(60 * MiB);
  expect(report.after.usage.currentBytes).toBeLessThan(30 * MiB);
  expect(await family.worker.exited).toMatchObject({ cause: 'spillway' });
});

test('a victim that forks faster than anyone could kill is gone as a whole', async () => {
  const pool = await create({ limits: { highBytes: 12 * MiB } });
  const storm = await pool.run('sh', ['-c', 'while :; do sleep 1000 & done'], { id: 'storm', retriable: true });

  const report = await pool.relief(1);

  expect(report).toMatchObject({ outcome: 'relieved', victims: [{ id: 'storm', died: true }] });
  expect(await storm.worker.exited).toMatchObject({ cause: 'spillway' });
  expect(storm.leaf.exists).toBe(false);
  expect(pool.leaves).toEqual([]);
});

test('a worker that exits by itself in mid-round is told as its own exit, and the round goes on', async () => {
  const pool = await create();
  const hog = await pool.start('hog', [8, 4, 0, 400], { id: 'hog', retriable: true });
  const leaving = await pool.start('hog', [24], { id: 'leaving' });
  for (const { lines } of [hog, leaving]) await lines.line('held');
  pool.supervisor.once('victim', () => { leaving.tell('exit 3'); });

  hog.tell('grow');
  await pool.relief(1);

  expect(await leaving.worker.exited).toMatchObject({ code: 3, cause: 'exit' });
  expect(await hog.worker.exited).toMatchObject({ cause: 'spillway' });
  expect(pool.supervisor.status().counts.kills).toBe(1);
});

test('a victim that has exited in the very moment before its signal is no kill of ours', async () => {
  const pool = await create();
  const hog = await pool.start('hog', [8, 4, 10, 400], { id: 'hog', retriable: true });
  pool.supervisor.once('victim', ({ pid }) => {
    process.kill(pid, 'SIGTERM');
    // Blocks JavaScript until the process is a zombie: nothing is reaped meanwhile.
    const end = Date.now() + 5000;
    while (Date.now() < end && isRunning(pid));
  });

  await pool.relief(1);

  expect(await hog.worker.exited).toMatchObject({ code: null, signal: 'SIGTERM', cause: 'signal' });
  expect(pool.supervisor.status().counts.kills).toBe(0);
});

function isRunning(pid: number): boolean {
  try {
    return !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z');
  } catch {
    return false;
  }
}

test('descendants that outlive the main process are ended, and nothing is left of the leaf', async () => {
  const pool = await create();
  const parent = await pool.start('forker', [3], { id: 'parent' });
  const pids = (await parent.lines.starting('pids ')).split(' ').slice(1).map(Number);
  const { leaf } = parent;

  parent.tell('exit');
  const exit = await parent.worker.exited;

  expect(exit).toMatchObject({ code: 0, signal: null, cause: 'exit' });
  await until('them to be reaped by init', () => !pids.some(isAlive));
  expect(leaf.exists).toBe(false);
});
