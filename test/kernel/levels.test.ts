import { spawn } from 'node:child_process';
import { taking } from './support/leap';
import { MiB, programFile } from './support/program';
import { delegate, nobody, useRemotes, type Remote } from './support/remote';
import { until, useCgroups } from './support/test-cgroup';

const { start } = useRemotes();
const { make } = useCgroups();

const limits = { highBytes: 200 * MiB };

/** Who runs it, and in what: the program is the same. */
const hosts = {
  root: (options = {}) => start(make(), { limits, ...options }),
  'a user with a delegated subtree': (options = {}) => start(delegate(make()), { limits, ...options }, nobody),
  'a user with none': (options = {}) => start(make(), { limits, ...options }, nobody),
};

async function endLeakAmongHonest(remote: Remote): Promise<void> {
  const node = process.execPath;
  for (const id of ['honest-1', 'honest-2']) await remote.spawn(id, node, [programFile('honest'), '40'], { retriable: true });
  await remote.spawn('leak', node, [programFile('hog'), '8', '4', '10', '400'], { retriable: true });
  await remote.spawn('sleeper', 'sleep', ['1000']);

  const exit = await remote.exitOf('leak');
  const report = await remote.told('relief');
  expect(exit).toMatchObject({ code: null, signal: 'SIGKILL', cause: 'spillway', blame: 'pool', retryHint: 'elsewhere', reportId: report.reportId, leftovers: 0 });
  expect(exit.peakBytes).toBeGreaterThan(20 * MiB);
  expect(report).toMatchObject({ outcome: 'relieved', limit: { level: 'pool' }, victims: [{ id: 'leak', died: true }] });
  for (const id of ['honest-1', 'honest-2']) expect(await remote.exitOf(id)).toMatchObject({ code: 0, cause: 'exit', retryHint: 'no' });
  await remote.close();
  expect(await remote.exitOf('sleeper')).toMatchObject({ signal: 'SIGKILL', cause: 'closed' });
  expect(remote.all('degraded')).toEqual([]);
  expect(remote.all('exit')).toHaveLength(4);
}

test.each(['root', 'a user with a delegated subtree'] as const)('as %s: level kernel, the leaking worker is the one that is ended', async (who) => {
  const remote = hosts[who]({ require: 'kernel' });

  const ready = await remote.told('ready');

  expect(ready).toMatchObject({ uid: who === 'root' ? 0 : nobody, guarantee: { level: 'kernel' } });
  expect(ready.guarantee.finding).toBeUndefined();
  expect(ready.cgroup).toMatch(/\/pool$/);
  await endLeakAmongHonest(remote);
  expect(remote.all('exit').every(({ counters }) => counters?.oom_kill === 0)).toBe(true);
  expect(remote.all('warning')).toEqual([]);
});

test('as a user with none: level polling, the leaking worker is the one that is ended; it says why, and warns once', async () => {
  const remote = hosts['a user with none']({ again: 2 });

  const ready = await remote.told('ready');

  expect(ready).toMatchObject({ uid: nobody, guarantee: { level: 'polling', finding: { check: 'permission', severity: 'error', lowersTo: 'polling' } } });
  expect(ready.guarantee.finding?.message).toMatch(/no permission for .*Delegate=yes/);
  expect(ready.cgroup).toBeUndefined();
  await endLeakAmongHonest(remote);
  expect(remote.all('exit').every(({ counters }) => counters === undefined)).toBe(true);
  expect(remote.all('warning')).toEqual([{ name: 'SpillwayWarning', message: expect.stringMatching(/guarantee level 'polling'.*no permission/) as string }]);
});

test('the option require insists, with the code of what is missing', async () => {
  expect(await hosts['a user with none']({ require: 'kernel' }).told('refused')).toMatchObject({ code: 'ERR_SPILLWAY_PERMISSION' });
  const polling = hosts['a user with none']({ require: 'polling' });
  expect(await polling.told('ready')).toMatchObject({ guarantee: { level: 'polling' } });
  await polling.close();
});

test("level polling: a kernel OOM kill in the supervisor's own cgroup is told as the kernel's, on the host's account", async () => {
  const remote = start(make({ 'memory.max': 200 * MiB, 'memory.swap.max': 0 }), { limits: { highBytes: 900 * MiB } }, nobody);
  await remote.told('ready');

  for (const id of ['first', 'second']) {
    await remote.spawn(id, 'sh', ['-c', `exec ${taking(600)}`]);
    expect(await remote.exitOf(id)).toMatchObject({ code: null, signal: 'SIGKILL', cause: 'kernel-oom', blame: 'host', retryHint: 'elsewhere' });
  }
  const pid = await remote.spawn('killed', 'sleep', ['1000']);
  process.kill(pid, 'SIGKILL');
  expect(await remote.exitOf('killed')).toMatchObject({ signal: 'SIGKILL', cause: 'signal', retryHint: 'no' });
  await remote.close();
});

test('level polling: limits of groups and of workers are kept as well', async () => {
  const remote = start(make(), { limits: { highBytes: 900 * MiB } }, nobody);
  await remote.told('ready');
  const node = process.execPath;

  await remote.spawn('honest', node, [programFile('honest')]);
  await remote.spawn('marked', node, [programFile('hog'), '8', '4', '10', '400'], { memory: { highBytes: 100 * MiB } });

  expect(await remote.exitOf('marked')).toMatchObject({ cause: 'spillway', blame: 'own-limit', retryHint: 'bigger' });
  expect(await remote.told('relief')).toMatchObject({ outcome: 'relieved', limit: { level: 'worker', id: 'marked' } });
  await remote.close();
  expect(await remote.exitOf('honest')).toMatchObject({ cause: 'closed' });
});

test('a straggler, which could not be moved, is reported: a descendant outside of what was handed over', async () => {
  const base = delegate(make());
  const elsewhere = make();
  const remote = start(base, { limits }, nobody);
  await remote.told('ready');
  // Below the base, as the user may only move processes within what was handed over.
  const aside = base.make('aside');
  const shell = `echo 0 >"$0/cgroup.procs"; sleep 1000 & echo $! >"$1/cgroup.procs"; exec setpriv --reuid ${nobody} --clear-groups sleep 1000`;

  const child = spawn('sh', ['-c', shell, aside.directory, elsewhere.directory], { stdio: 'ignore' });
  try {
    const [straggler] = await waitFor(() => elsewhere.processes());
    await waitFor(() => aside.processes());
    remote.order({ adopt: [child.pid, { id: 'adopted' }] });

    await remote.told('worker');
    expect(await remote.told('degraded')).toMatchObject({ code: 'ERR_SPILLWAY_STRAGGLERS', message: expect.stringContaining(String(straggler)) as string });
    expect(elsewhere.processes()).toEqual([straggler]);
    remote.order({ adopt: [straggler, { id: 'outside' }] });
    expect(await remote.told('refused')).toMatchObject({ code: 'ERR_SPILLWAY_PERMISSION' });
    remote.order({ kill: 'adopted' });
    expect(await remote.exitOf('adopted')).toMatchObject({ cause: 'signal' });
    await remote.close();
    expect(elsewhere.processes()).toEqual([straggler]);
  } finally {
    child.kill('SIGKILL');
  }
});

async function waitFor(read: () => number[]): Promise<number[]> {

  await until('a process', () => read().length > 0);
  return read();
}
