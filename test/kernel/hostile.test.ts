import { readFileSync } from 'node:fs';
import { processesWith } from './support/launched';
import { findLeaf, taking } from './support/leap';
import { MiB, programFile } from './support/program';
import { useSupervisors } from './support/supervisors';
import { TestCgroup, until } from './support/test-cgroup';

const { create } = useSupervisors();

test('a fork bomb in a worker with pidsMax: the others go on, kill() works, and its leaf is empty at the end', async () => {
  const pool = await create();
  const bomb = await pool.run('perl', ['-e', 'while (1) { fork; select(undef, undef, undef, 0.2) }'], { id: 'bomb', pidsMax: 24 });
  await until('it to be full', () => bomb.leaf.number('pids.current') === 24);
  await until('forks to be refused', () => bomb.leaf.counter('max', 'pids.events') > 0);

  const honest = await pool.start('honest', [10], { id: 'honest' });
  expect(await honest.worker.exited).toMatchObject({ code: 0, cause: 'exit' });
  expect(bomb.leaf.number('pids.current')).toBeLessThanOrEqual(24);
  expect(bomb.leaf.number('pids.max')).toBe(24);
  bomb.worker.kill();

  expect(await bomb.worker.exited).toMatchObject({ signal: 'SIGKILL', cause: 'signal' });
  expect(bomb.leaf.exists).toBe(false);
  expect(pool.leaves).toEqual([]);
});

test('processes that fork and end all the time, each with another pid, are ended by close(), also behind the back of their main process', async () => {
  const pool = await create();
  const hopping = 'for (1..4) { next if fork; while (1) { exit if fork } }';
  const staying = await pool.run('perl', ['-e', `${hopping} sleep 1000; # hopper`], { id: 'staying' });
  const leaving = await pool.run('perl', ['-e', `${hopping} select(undef, undef, undef, 0.5); exit 3; # hopper`], { id: 'leaving' });
  const seen = new Set<number>();
  await until('them to hop', () => {
    for (const pid of staying.leaf.processes()) seen.add(pid);
    return seen.size > 20;
  });

  expect(await leaving.worker.exited).toMatchObject({ code: 3, cause: 'exit' });
  expect(leaving.leaf.exists).toBe(false);
  await pool.supervisor.close();

  expect(await staying.worker.exited).toMatchObject({ signal: 'SIGKILL', cause: 'closed' });
  expect(processesWith('hopper')).toEqual([]);
});

test('a worker that daemonises (two forks and setsid): what it leaves is counted and ended', async () => {
  const pool = await create();
  const { worker, leaf } = await pool.run('sh', ['-c', `setsid sh -c 'sleep 1120 & sleep 1120 &'; exit 4`]);

  expect(await worker.exited).toMatchObject({ code: 4, signal: null, cause: 'exit', leftovers: 2 });

  expect(processesWith('sleep 1120')).toEqual([]);
  expect(leaf.exists).toBe(false);
});

test('close({ graceMs }): who heeds SIGTERM ends by itself, who ignores it is killed when the time is over', async () => {
  const pool = await create();
  const polite = await pool.run('sh', ['-c', 'trap "exit 4" TERM; echo ready; while :; do sleep 0.05; done']);
  const meek = await pool.run('sleep', ['1000']);
  const stubborn = await pool.start('term-ignorer', [1]);
  const stopped = await pool.run('sleep', ['1000']);
  await polite.lines.line('ready');
  await stubborn.lines.line('held');
  process.kill(stopped.worker.pid, 'SIGSTOP');
  await until('it to stand still', () => /^State:\tT/m.test(readFileSync(`/proc/${stopped.worker.pid}/status`, 'utf8')));

  // The time is over when all who heed it have ended, however long that takes here.
  const hurry = new AbortController();
  const closed = pool.supervisor.close({ graceMs: 600_000, signal: hurry.signal });
  await Promise.all([polite.worker.exited, meek.worker.exited]);
  await stubborn.lines.line('ignored SIGTERM');
  hurry.abort();
  await closed;

  expect(await polite.worker.exited).toMatchObject({ code: 4, signal: null, cause: 'closed' });
  expect(await meek.worker.exited).toMatchObject({ signal: 'SIGTERM', cause: 'closed' });
  expect(await stubborn.worker.exited).toMatchObject({ signal: 'SIGKILL', cause: 'closed' });
  expect(await stopped.worker.exited).toMatchObject({ signal: 'SIGKILL', cause: 'closed' });
});

test('a worker that becomes another user is killed like any other', async () => {
  const pool = await create();
  const script = 'exec setpriv --reuid 65534 --regid 65534 --clear-groups sh -c "setsid sleep 1121 & id -u; exec sleep 1121"';
  const { worker, lines } = await pool.run('sh', ['-c', script]);
  await lines.line('65534');

  worker.kill();

  expect(await worker.exited).toMatchObject({ signal: 'SIGKILL', cause: 'signal' });
  expect(processesWith('sleep 1121')).toEqual([]);
});

test('one that has stopped, or frozen itself, ends on kill(), and as a victim', async () => {
  const pool = await create({ limits: { highBytes: 120 * MiB } });
  const freeze = `${findLeaf}; echo 1 >"$leaf/cgroup.freeze"; echo thawed`;
  const frozen = await pool.run('sh', ['-c', freeze]);
  await until('it to be frozen', () => frozen.leaf.counter('frozen', 'cgroup.events') === 1);
  const stopped = await pool.run('sh', ['-c', 'kill -STOP $$']);

  for (const { worker } of [frozen, stopped]) worker.kill();
  for (const { worker, leaf } of [frozen, stopped]) {
    expect(await worker.exited).toMatchObject({ signal: 'SIGKILL', cause: 'signal' });
    expect(leaf.exists).toBe(false);
  }
  expect(frozen.lines.all).toEqual([]);

  const hog = await pool.start('hog', [70], { id: 'hog', retriable: true });
  await hog.lines.line('held');
  hog.leaf.write('cgroup.freeze', 1);
  await pool.start('hog', [8, 4, 10, 60], { id: 'other' });
  expect(await hog.worker.exited).toMatchObject({ cause: 'spillway', blame: 'pool' });
});

test("a worker that gives its own leaf another memory.max: the kernel's kill is its own limit's; without one the pool's mark holds", async () => {
  const pool = await create({ limits: { highBytes: 120 * MiB } });
  const tight = await pool.run('sh', ['-c', `${findLeaf}; echo 16M >"$leaf/memory.max"; exec ${taking(400)}`], { id: 'tight' });
  expect(await tight.worker.exited).toMatchObject({ cause: 'kernel-oom', blame: 'own-limit', retryHint: 'bigger' });

  const hog = `exec "$0" "$1" 8 4 10 400`;
  const loose = await pool.run('sh', ['-c', `${findLeaf}; echo max >"$leaf/memory.max"; ${hog}`, process.execPath, programFile('hog')], {
    id: 'loose',
    memory: { maxBytes: 24 * MiB },
  });
  expect(await loose.worker.exited).toMatchObject({ cause: 'spillway', blame: 'pool', retryHint: 'elsewhere' });
});

test('a worker that turns memory.oom.group off outlives the kill of its child, and its own end is told as it was', async () => {
  const pool = await create();
  const script = `${findLeaf}; echo 0 >"$leaf/memory.oom.group"; ${taking(400)}; echo $?; exit 6`;
  const { worker, lines, leaf } = await pool.run('sh', ['-c', script], { memory: { maxBytes: 16 * MiB } });

  const exit = await worker.exited;

  await lines.line('137');
  expect(exit).toMatchObject({ code: 6, signal: null, cause: 'exit', retryHint: 'no', counters: { oom_kill: 1, oom_group_kill: 0 } });
  expect(exit.blame).toBeUndefined();
  expect(new TestCgroup(leaf.directory).exists).toBe(false);
});
