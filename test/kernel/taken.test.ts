import type { Worker } from '../../lib/supervisor/worker';
import { isRunning, processesOf, processesWith, shell, useLaunched } from './support/launched';
import { refusalOf, useSupervisors, type Supervised } from './support/supervisors';
import { until, type TestCgroup } from './support/test-cgroup';

const { create } = useSupervisors();
const { launch } = useLaunched();

function leafOf({ leaves }: Supervised): TestCgroup {
  const [leaf] = leaves;
  if (leaf === undefined || leaves.length > 1) throw new Error('expected one leaf');
  return leaf;
}

/** Two commands in one word list for a shell, none of which holds a blank or quote. */
function words({ file, args }: { file: string; args: string[] }): string {
  return [file, ...args].join(' ');
}

test('wrap() and attach(): in its leaf from the first instruction, and a worker like any other', async () => {
  const pool = await create();
  const prepared = pool.supervisor.prepare({ id: 'wrapped', oomScoreAdj: 600 });
  const { child, lines } = launch(prepared.wrap('sh', ['-c', 'cat /proc/self/cgroup /proc/self/oom_score_adj; read code; exit $code']));
  const worker = await prepared.attach(child);

  expect((await lines.starting('0::')).endsWith(leafOf(pool).directory.slice('/sys/fs/cgroup'.length))).toBe(true);
  await lines.line('600');
  expect(worker).toMatchObject({ id: 'wrapped', pid: child.pid, process: child });
  expect(pool.supervisor.status().workers).toMatchObject([{ id: 'wrapped', pid: child.pid }]);
  child.stdin?.write('5\n');

  expect(await worker.exited).toMatchObject({ id: 'wrapped', code: 5, signal: null, cause: 'exit', leftovers: 0, counters: { oom_kill: 0 } });
  expect(pool.leaves).toEqual([]);
});

test('wrap() through a shell, as launchers do: the shell is moved, what it runs was there from the start', async () => {
  const pool = await create();
  const prepared = pool.supervisor.prepare();
  const { child, lines } = launch(shell(`${words(prepared.wrap('cat', ['/proc/self/cgroup']))}; echo $?; read go; exit 3`));

  const inside = await lines.starting('0::');
  await lines.line('0');
  expect(inside.endsWith(leafOf(pool).directory.slice('/sys/fs/cgroup'.length))).toBe(true);
  expect(leafOf(pool).processes()).toEqual([]);
  const worker = await prepared.attach(child);
  expect(leafOf(pool).processes()).toEqual([child.pid]);
  child.stdin?.write('go\n');

  expect(await worker.exited).toMatchObject({ code: 3, cause: 'exit' });
});

test('wrap() of a detached process: kill() ends its whole session', async () => {
  const pool = await create();
  const prepared = pool.supervisor.prepare();
  const { child, lines } = launch(prepared.wrap('sh', ['-c', 'setsid sleep 1111 & sleep 1111 & echo ready; wait']), { detached: true });
  const worker = await prepared.attach(child);
  await lines.line('ready');
  await until('all of it', () => leafOf(pool).processes().length === 3);

  worker.kill();

  expect(await worker.exited).toMatchObject({ signal: 'SIGKILL', cause: 'signal' });
  expect(processesWith('sleep 1111')).toEqual([]);
});

test('a launcher whose children forked before attach(): all of them are moved, and end with it', async () => {
  const pool = await create();
  const prepared = pool.supervisor.prepare();
  const { child, lines } = launch(shell('sleep 1112 & (sleep 1112 & sleep 1112) & sh -c "setsid sleep 1112" & echo ready; wait'));
  await lines.line('ready');
  await until('all of it', () => processesOf('sleep 1112').length === 4);
  const running = processesOf('sleep 1112');

  const worker = await prepared.attach(child);
  expect(leafOf(pool).processes()).toEqual(expect.arrayContaining([child.pid, ...running]));
  child.kill('SIGTERM');

  const exit = await worker.exited;
  expect(exit).toMatchObject({ signal: 'SIGTERM', cause: 'signal' });
  expect(exit.leftovers).toBeGreaterThanOrEqual(4);
  expect(processesWith('sleep 1112')).toEqual([]);
});

test('attach() of a pid, and of an object that has one', async () => {
  const pool = await create();
  const ways = [(pid: number) => pid, (pid: number) => ({ pid, kill: () => undefined })];
  for (const way of ways) {
    const { child, pid } = launch(shell('read code; exit 9'));
    const worker: Worker = await pool.supervisor.prepare().attach(way(pid));
    expect(worker).toMatchObject({ pid, process: undefined });
    expect(leafOf(pool).processes()).toEqual([pid]);
    child.stdin?.write('\n');

    // The kernel tells the code to its parent only.
    expect(await worker.exited).toMatchObject({ code: null, signal: null, cause: 'exit', retryHint: 'no' });
    await until('it to be reaped', () => child.exitCode === 9);
  }
});

test('what has ended already cannot be attached: ERR_SPILLWAY_NO_PROCESS, and the place is given up', async () => {
  const pool = await create();
  const ended = launch(shell('exit 0'));
  await until('its end', () => ended.child.exitCode === 0);

  for (const target of [ended.child, ended.pid, { pid: ended.pid }]) {
    const prepared = pool.supervisor.prepare({ id: 'same' });
    expect(await refusalOf(prepared.attach(target))).toMatchObject({ code: 'ERR_SPILLWAY_NO_PROCESS' });
    expect(await refusalOf(prepared.attach(ended.pid))).toMatchObject({ code: 'ERR_SPILLWAY_STOPPED' });
    await until('its id to be free again', () => pool.leaves.length === 0);
  }
  expect(await refusalOf(pool.supervisor.adopt(ended.pid))).toMatchObject({ code: 'ERR_SPILLWAY_NO_PROCESS' });
  expect(pool.exits).toEqual([]);
  expect(pool.supervisor.status().workers).toEqual([]);
});

test('what may not become a worker is refused, and is not harmed', async () => {
  const pool = await create();
  const { child } = launch(shell('exec sleep 1000'));
  const first = await pool.supervisor.adopt(child, { id: 'first' });

  for (const pid of [0, 1, -1, 1.5, NaN, process.pid, process.ppid, '7', null, {}, { pid: undefined }]) {
    expect(await refusalOf(pool.supervisor.adopt(pid as number))).toMatchObject({ code: 'ERR_SPILLWAY_INVALID_OPTION' });
  }
  expect(await refusalOf(pool.supervisor.adopt(child))).toMatchObject({ code: 'ERR_SPILLWAY_ID_IN_USE' });
  expect(await refusalOf(pool.supervisor.adopt(2 ** 30))).toMatchObject({ code: 'ERR_SPILLWAY_NO_PROCESS' });

  expect(isRunning(first.pid)).toBe(true);
  await until('one leaf', () => pool.leaves.length === 1);
  expect(leafOf(pool).processes()).toEqual([first.pid]);
});

test('a program that cannot be executed ends as in a shell', async () => {
  const pool = await create();
  for (const [program, code] of [['/no/such/program', 127], ['/', 126]] as const) {
    const prepared = pool.supervisor.prepare();
    const { child } = launch(prepared.wrap(program, []), { stdio: ['ignore', 'pipe', 'ignore'] });
    const worker = await prepared.attach(child);
    expect(await worker.exited).toMatchObject({ code, cause: 'exit' });
  }
});
