import { chmodSync, copyFileSync, existsSync, readFileSync } from 'node:fs';
import { isRunning, processesWith } from './support/launched';
import { findLeaf } from './support/leap';
import { MiB } from './support/program';
import { delegate, nobody, useRemotes } from './support/remote';
import { useSupervisors } from './support/supervisors';
import { TestCgroup, until } from './support/test-cgroup';

const { start } = useRemotes();
const { create, make } = useSupervisors();

const limits = { highBytes: 96 * MiB };

test('children in cgroups that the worker made inside its leaf end with it, however deep, threaded ones too', async () => {
  const pool = await create();
  const script = [
    findLeaf,
    'deep="$leaf"; for i in 1 2 3 4 5 6; do deep="$deep/sub"; mkdir "$deep"; sleep 1130 & echo $! >"$deep/cgroup.procs"; done',
    'for i in $(seq 50); do mkdir "$leaf/empty-$i"; done',
    'echo made; read go; exit 5',
  ].join('; ');
  const nested = await pool.run('sh', ['-c', script]);
  await nested.lines.line('made');
  const threaded = await pool.run('sh', ['-c', `${findLeaf}; mkdir "$leaf/t"; echo threaded >"$leaf/t/cgroup.type"; sleep 1130 & echo $! >"$leaf/t/cgroup.threads"; echo made; read go; exit 5`]);
  await threaded.lines.line('made');

  for (const { tell } of [nested, threaded]) tell('go');

  expect(await nested.worker.exited).toMatchObject({ code: 5, cause: 'exit', leftovers: 6 });
  expect(await threaded.worker.exited).toMatchObject({ code: 5, cause: 'exit', leftovers: 1 });
  expect(processesWith('sleep 1130')).toEqual([]);
  for (const { leaf } of [nested, threaded]) expect(leaf.exists).toBe(false);
});

test("a child moved to a sibling's leaf ends with that sibling, as one of its own", async () => {
  const pool = await create();
  const sibling = await pool.run('sleep', ['1000']);
  const { worker, lines } = await pool.run('sh', ['-c', 'sleep 1131 & echo $! >"$0/cgroup.procs"; echo "pid $!"; exit 0', sibling.leaf.directory]);
  const pid = Number((await lines.starting('pid ')).slice('pid '.length));

  expect(await worker.exited).toMatchObject({ code: 0, leftovers: 0 });
  expect(sibling.leaf.processes()).toContain(pid);
  process.kill(sibling.worker.pid, 'SIGTERM');

  expect(await sibling.worker.exited).toMatchObject({ signal: 'SIGTERM', leftovers: 1 });
  expect(isRunning(pid)).toBe(false);
});

test("a child moved to a cgroup that the worker made in the pool, beside its leaf, ends with close()", async () => {
  const pool = await create();
  const script = `${findLeaf}; mkdir "$leaf/../hideout"; sleep 1132 & echo $! >"$leaf/../hideout/cgroup.procs"; echo made; exit 0`;
  const { worker, lines } = await pool.run('sh', ['-c', script]);
  await lines.line('made');
  expect(await worker.exited).toMatchObject({ code: 0, leftovers: 0 });
  // Until its exec it is another sh.
  await until('it to sleep', () => processesWith('sleep 1132').length === 1);

  await pool.supervisor.close();

  expect(processesWith('sleep 1132')).toEqual([]);
  expect(pool.base.children()).toEqual([]);
});

test.each([
  ['root', 0],
  ['a user with a delegated subtree', nobody],
])("a child moved to the supervisor's own cgroup is reported, once (%s)", async (_, uid) => {
  const base = delegate(make(), uid);
  const remote = start(base, { limits }, uid);
  await remote.told('ready');
  const script = 'sleep 1133 & echo $! >"$0/supervisor/cgroup.procs"; exit 0';

  await remote.spawn('mover', 'sh', ['-c', script, base.directory]);
  expect(await remote.exitOf('mover')).toMatchObject({ code: 0, leftovers: 0 });
  await until('it to sleep', () => processesWith('sleep 1133').length === 1);
  const [straggler] = processesWith('sleep 1133');
  expect(await remote.told('degraded')).toMatchObject({ code: 'ERR_SPILLWAY_STRAGGLERS', message: expect.stringMatching(`mover.*${straggler ?? 'none'}`) as string });
  await remote.spawn('honest', 'true', []);
  await remote.exitOf('honest');
  await remote.close();

  expect(remote.all('degraded')).toHaveLength(1);
  expect(new TestCgroup(`${base.directory}/supervisor`).processes()).toEqual([straggler]);
});

/** What `su` and `mount` do to become root, without asking. */
function setuidProgram(): string {
  const program = '/tmp/spillway-test-setuid';
  if (!existsSync(program)) copyFileSync('/usr/bin/setpriv', program);
  chmodSync(program, 0o4755);
  return `${program} --reuid 0 --regid 0 --clear-groups`;
}

function isRootsSleep(pid: number): boolean {
  return /^Name:\tsleep\n(.*\n)*Uid:\t0\t0/.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
}

test('an unprivileged supervisor ends a worker that became root by a setuid program', async () => {
  const asRoot = setuidProgram();
  const remote = start(delegate(make()), { limits }, nobody);
  await remote.told('ready');
  const script = `${asRoot} sleep 1134 & exec ${asRoot} sleep 1134`;
  const pids = [await remote.spawn('killed', 'sh', ['-c', script]), await remote.spawn('closed', 'sh', ['-c', script])];
  for (const pid of pids) await until('it to be root', () => isRootsSleep(pid));

  remote.order({ kill: 'killed' });
  expect(await remote.exitOf('killed')).toMatchObject({ signal: 'SIGKILL', cause: 'signal' });
  await remote.close();

  expect(await remote.exitOf('closed')).toMatchObject({ signal: 'SIGKILL', cause: 'closed' });
  expect(processesWith('sleep 1134')).toEqual([]);
  expect(remote.all('degraded')).toEqual([]);
});

test('the same without cgroups: it cannot, and says so', async () => {
  const remote = start(make(), { limits }, nobody);
  expect(await remote.told('ready')).toMatchObject({ guarantee: { level: 'polling' } });
  const pid = await remote.spawn('root', 'sh', ['-c', `exec ${setuidProgram()} sleep 1135`]);
  await until('it to be root', () => isRootsSleep(pid));

  remote.order({ kill: 'root' });
  expect(await remote.told('degraded')).toMatchObject({ code: 'ERR_SPILLWAY_STUCK', message: expect.stringMatching(`may not be killed by this user.*${pid}`) as string });
  process.kill(pid, 'SIGKILL');

  expect(await remote.exitOf('root')).toMatchObject({ signal: 'SIGKILL', cause: 'signal' });
  await remote.close();
});
