import { join } from 'node:path';
import { openFiles } from '../support/process-resources';
import { next, pidsOf, runs, until, useStrays, useSupervisors } from '../support/containment';

// The whole life of workers on a host without cgroups: this needs one that has no memory controller to give.
const supervising = useSupervisors();
const strays = useStrays();

/** Catches SIGTERM, says who it is and who its child is, and stays. */
const stubborn = 'trap "" TERM; sleep 600 & echo $$; echo $!; wait; wait';

it('promises what it can, and says why not more', async () => {
  const supervisor = await supervising.create();
  expect(supervisor.guarantee).toMatchObject({ level: 'polling', finding: { severity: 'error', lowersTo: 'polling', message: expect.stringMatching(/./) as string } });
  expect(supervisor.status()).toMatchObject({
    cgroup: undefined, monitor: 'ok', pool: { short: false, usage: { currentBytes: 0 } }, workers: [], guarantee: { level: 'polling' },
    watches: [{ source: 'threshold', state: 'ok' }],
    counts: { shortBreaches: 0, churnBreaches: 0, reliefRounds: 0, kills: 0 },
  });
});

it("insists on 'kernel': rejects with what the host lacks, and leaves nothing", async () => {
  const lowered = await supervising.create();
  const message = lowered.guarantee.finding?.message;
  await expect(supervising.create({ require: 'kernel' })).rejects.toMatchObject({ name: 'SpillwayError', message });
  await expect(supervising.create({ require: 'kernel' })).rejects.toMatchObject({ code: expect.stringMatching(/^ERR_SPILLWAY_(CONTROLLER_DISABLED|NOT_CGROUP2|PERMISSION|NOT_DELEGATED|CGROUP_BUSY)$/) as string });
  expect((await supervising.create({ require: 'polling' })).guarantee.level).toBe('polling');
});

it('tells how a program ended', async () => {
  const supervisor = await supervising.create();
  const worker = await supervisor.spawn('sh', ['-c', 'exit 3'], { stdio: 'ignore' });
  const heard = next(supervisor, 'exit');
  const exit = await worker.exited;
  expect(exit).toMatchObject({ id: 'w1', code: 3, signal: null, cause: 'exit', retryHint: 'no', leftovers: 0 });
  expect(await heard).toEqual(exit);
  expect(worker.usage()).toBeUndefined();
});

it('tells the processor time of those that are there', async () => {
  const supervisor = await supervising.create();
  const worker = await supervisor.spawn('sleep', ['600'], { stdio: 'ignore' });
  expect(worker.cpu()).toEqual({ seconds: expect.any(Number) as number, source: 'processes' });
  worker.kill();
  await worker.exited;
  expect(worker.cpu()).toBeUndefined();
});

it.each<[string, Parameters<Awaited<ReturnType<typeof supervising.create>>['spawn']>, unknown]>([
  ['a missing program', ['spillway-no-such-program'], { code: 'ENOENT' }],
  ['a file that may not be executed', ['/etc/passwd'], { code: 'EACCES' }],
  ['a cwd that is not there', ['true', [], { cwd: '/nowhere' }], { code: 'ENOENT' }],
  ['what Node refuses', ['true', [], { stdio: 'nonsense' as 'pipe' }], { code: 'ERR_INVALID_ARG_VALUE' }],
])('%s rejects as in child_process, and its id is free again', async (_what, [file, args, options], error) => {
  const supervisor = await supervising.create();
  await expect(supervisor.spawn(file, args, options, { id: 'x' })).rejects.toMatchObject(error as object);
  expect(supervisor.status().workers).toEqual([]);
  await (await supervisor.spawn('true', [], { stdio: 'ignore' }, { id: 'x' })).exited;
});

it('an AbortSignal that has fired rejects with AbortError, and leaves no process', async () => {
  const supervisor = await supervising.create();
  const start = supervisor.spawn('sleep', ['600'], { stdio: 'ignore', signal: AbortSignal.abort(), killSignal: 'SIGCONT' });
  await expect(start).rejects.toMatchObject({ name: 'AbortError' });
  expect(supervisor.status().workers).toEqual([]);
  expect(openFiles().filter((name) => name.includes('pidfd'))).toEqual([]);
});

it('an AbortSignal that fires later is the cause', async () => {
  const supervisor = await supervising.create();
  const abort = new AbortController();
  const worker = await supervisor.spawn('sleep', ['600'], { stdio: 'ignore', signal: abort.signal });
  abort.abort();
  expect(await worker.exited).toMatchObject({ signal: 'SIGTERM', cause: 'aborted', retryHint: 'no' });
});

it('forks a module with its channel', async () => {
  const supervisor = await supervising.create();
  const worker = await supervisor.fork(join(__dirname, 'fixtures/report.cjs'), [], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  expect(worker.process.connected).toBe(true);
  worker.kill();
  expect(await worker.exited).toMatchObject({ id: 'w1', cause: expect.stringMatching(/exit|signal/) as string });
});

it('ends and counts the descendants that outlive the main process', async () => {
  const supervisor = await supervising.create();
  const worker = await supervising.shell(supervisor, 'sleep 600 & echo $!; sleep 600 & echo $!; kill -STOP $$');
  const pids = await pidsOf(worker, 2);
  await until('both to be seen', () => (supervisor.status(), (worker.usage()?.currentBytes ?? 0) > 0));
  process.kill(worker.pid, 'SIGTERM');
  process.kill(worker.pid, 'SIGCONT');
  expect(await worker.exited).toMatchObject({ signal: 'SIGTERM', cause: 'signal', leftovers: 2, peakBytes: expect.any(Number) as number });
  expect(pids.filter(runs)).toEqual([]);
});

it('a daemonised grandchild that was seen once is ended with its worker', async () => {
  const supervisor = await supervising.create();
  const worker = await supervising.shell(supervisor, 'setsid sh -c "sleep 600 & echo \\$!; kill -STOP \\$\\$" & sleep 600');
  const [daemon = 0] = await pidsOf(worker);
  await until('its parent to stand still', () => runs(daemon));
  expect(supervisor.status().workers).toHaveLength(1);
  worker.kill();
  expect(await worker.exited).toMatchObject({ signal: 'SIGKILL', cause: 'signal', retryHint: 'no' });
  expect(runs(daemon)).toBe(false);
});

it('is killed whole, whatever it ignores, and twice does nothing more', async () => {
  const supervisor = await supervising.create();
  const worker = await supervising.shell(supervisor, stubborn);
  const pids = await pidsOf(worker, 2);
  worker.kill();
  worker.kill();
  expect(await worker.exited).toMatchObject({ signal: 'SIGKILL', cause: 'signal' });
  worker.kill();
  expect(pids.filter(runs)).toEqual([]);
  expect(supervisor.status().counts.kills).toBe(0);
});

describe('close()', () => {
  it('kills what ignores SIGTERM when its time is over', async () => {
    const supervisor = await supervising.create({ graceMs: 50 });
    const worker = await supervising.shell(supervisor, stubborn);
    const pids = await pidsOf(worker, 2);
    await supervisor.close();
    expect(await worker.exited).toMatchObject({ signal: 'SIGKILL', cause: 'closed', retryHint: 'elsewhere' });
    expect(pids.filter(runs)).toEqual([]);
  });

  it('lets a worker end by itself, and tells its code', async () => {
    const supervisor = await supervising.create();
    const worker = await supervising.shell(supervisor, 'trap "exit 7" TERM; echo $$; while :; do sleep 0.01; done');
    await pidsOf(worker);
    await supervisor.close({ graceMs: 600_000 });
    expect(await worker.exited).toMatchObject({ code: 7, signal: null, cause: 'closed' });
  });

  it('its signal cuts the grace short', async () => {
    const supervisor = await supervising.create();
    const worker = await supervising.shell(supervisor, stubborn);
    await pidsOf(worker, 2);
    const cut = new AbortController();
    const closed = supervisor.close({ graceMs: 600_000, signal: cut.signal });
    cut.abort();
    await closed;
    expect(await worker.exited).toMatchObject({ signal: 'SIGKILL', cause: 'closed' });
  });

  it('drains: waits for all, starts nobody, and keeps its word to one that ends by itself', async () => {
    const supervisor = await supervising.create();
    const worker = await supervisor.spawn('sh', ['-c', 'read line; exit 5'], { stdio: ['pipe', 'ignore', 'ignore'] });
    const closed = supervisor.close({ drain: true });
    await expect(supervisor.spawn('true')).rejects.toMatchObject({ code: 'ERR_SPILLWAY_STOPPED' });
    worker.process.stdin?.end('go\n');
    await closed;
    expect(await worker.exited).toMatchObject({ code: 5, cause: 'exit', retryHint: 'no' });
  });

  it('called again without drain ends the draining', async () => {
    const supervisor = await supervising.create();
    const worker = await supervisor.spawn('sleep', ['600'], { stdio: 'ignore' });
    const draining = supervisor.close({ drain: true });
    const again = supervisor.close({ drain: true });
    await Promise.all([supervisor.close(), draining, again]);
    expect(await worker.exited).toMatchObject({ signal: 'SIGKILL', cause: 'closed' });
    await expect(supervisor.close({ graceMs: -1 })).rejects.toMatchObject({ code: 'ERR_SPILLWAY_INVALID_OPTION' });
  });

  it('ends workers that are on their way, in a listener too', async () => {
    const supervisor = await supervising.create();
    supervisor.on('exit', () => void supervisor.close());
    const starting = [1, 2, 3].map(() => supervisor.spawn('sleep', ['600'], { stdio: 'ignore' }));
    await supervisor.close();
    for (const worker of await Promise.all(starting)) expect(await worker.exited).toMatchObject({ cause: 'closed' });
    expect(() => supervisor.prepare()).toThrow(expect.objectContaining({ code: 'ERR_SPILLWAY_STOPPED' }) as Error);
    await expect(supervisor.group('g')).rejects.toMatchObject({ code: 'ERR_SPILLWAY_STOPPED' });
    expect(openFiles().filter((name) => name.includes('pidfd'))).toEqual([]);
  });
});

describe('attach and adopt', () => {
  it('a child that another library started, by wrap()', async () => {
    const supervisor = await supervising.create();
    const place = supervisor.prepare({ id: 'wrapped' });
    const { file, args } = place.wrap('sh', ['-c', 'exit 4']);
    const worker = await place.attach(strays.start(file, args));
    expect(await worker.exited).toMatchObject({ id: 'wrapped', code: 4, cause: 'exit' });
  });

  it('a stranger by its pid, with its descendants; its code is not known', async () => {
    const supervisor = await supervising.create();
    const stray = strays.start('sh', ['-c', 'sleep 600 & echo $!; wait'], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [child = 0] = await pidsOf({ process: stray });
    const worker = await supervisor.adopt(stray.pid ?? 0, { id: 'found' });
    expect(worker.process).toBeUndefined();
    expect(worker.usage()?.currentBytes).toBeGreaterThan(0);
    worker.kill();
    expect(await worker.exited).toMatchObject({ id: 'found', code: null, signal: null, cause: 'signal' });
    expect([runs(stray.pid ?? 0), runs(child)]).toEqual([false, false]);
    expect(openFiles().filter((name) => name.includes('pidfd'))).toEqual([]);
  });

  it('refuses a process that is another worker already, and harms it not', async () => {
    const supervisor = await supervising.create();
    const worker = await supervisor.spawn('sleep', ['600'], { stdio: 'ignore' });
    await expect(supervisor.adopt(worker.pid)).rejects.toMatchObject({ code: 'ERR_SPILLWAY_ID_IN_USE' });
    expect(runs(worker.pid)).toBe(true);
  });
});
