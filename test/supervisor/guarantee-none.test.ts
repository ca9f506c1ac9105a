import { Supervisor } from '../../lib/supervisor/supervisor';
import type { ReliefReport } from '../../lib/supervisor/types';
import { runs, useStrays, useSupervisors } from '../support/containment';

// A host for which there is no binary.
jest.mock('../../lib/native', () => {
  const actual = jest.requireActual<typeof import('../../lib/native')>('../../lib/native');
  const { SpillwayError } = jest.requireActual<typeof import('../../lib/errors')>('../../lib/errors');
  const missing = { ok: false, reason: 'no native binary could be loaded', fix: "run 'npm rebuild spillway'" };
  return {
    ...actual,
    support: () => missing,
    isSupported: () => false,
    native: () => { throw new SpillwayError('ERR_SPILLWAY_UNSUPPORTED', `${missing.reason}; ${missing.fix}`); },
    launcherPath: () => { throw new SpillwayError('ERR_SPILLWAY_UNSUPPORTED', missing.reason); },
  };
});

const supervising = useSupervisors();
const strays = useStrays();

it('says that it promises nothing, why, and what to do', async () => {
  const supervisor = await supervising.create();
  expect(supervisor.guarantee).toEqual({ level: 'none', finding: expect.objectContaining({ check: 'platform', lowersTo: 'none', message: expect.stringContaining('npm rebuild') as string }) as object });
  expect(supervisor.status()).toMatchObject({ cgroup: undefined, monitor: undefined, pool: undefined, workers: [], counts: { kernelOomKills: undefined } });
  expect(jest.spyOn(process, 'emitWarning')).toHaveBeenCalledTimes(1);
});

it.each(['polling', 'kernel'] as const)("require '%s' refuses", async (require) => {
  await expect(supervising.create({ require })).rejects.toMatchObject({ code: 'ERR_SPILLWAY_UNSUPPORTED' });
});

it('runs plain child processes through their whole life', async () => {
  const supervisor = await supervising.create({ limits: { highBytes: 1 } });
  const reports: ReliefReport[] = [];
  supervisor.on('relief', (report) => reports.push(report));
  const done = await supervisor.spawn('sh', ['-c', 'exit 3'], { stdio: 'ignore' });
  expect(await done.exited).toEqual({ id: 'w1', code: 3, signal: null, cause: 'exit', retryHint: 'no' });
  const killed = await supervisor.spawn('sleep', ['600'], { stdio: 'ignore' }, { memory: { highBytes: 1 }, group: 'g' });
  await supervisor.group('g', { highBytes: 1 });
  expect([killed.usage(), supervisor.status().workers.map(({ id }) => id)]).toEqual([undefined, ['w2']]);
  killed.kill();
  expect(await killed.exited).toMatchObject({ signal: 'SIGKILL', cause: 'signal' });
  await expect(supervisor.spawn('spillway-no-such-program')).rejects.toMatchObject({ code: 'ENOENT' });
  expect(reports).toEqual([]);
});

it('close() ends them, with grace and without', async () => {
  const supervisor = await supervising.create();
  const asked = await supervisor.spawn('sleep', ['600'], { stdio: 'ignore' });
  await supervisor.close({ graceMs: 600_000 });
  expect(await asked.exited).toMatchObject({ signal: 'SIGTERM', cause: 'closed' });
  const next = await supervising.create();
  const killed = await next.spawn('sleep', ['600'], { stdio: 'ignore' });
  await next.close();
  expect(await killed.exited).toMatchObject({ signal: 'SIGKILL', cause: 'closed' });
});

it('takes a ChildProcess, but no pid: nothing would tell of its end', async () => {
  const supervisor = await supervising.create();
  const child = strays.start('sleep', ['600']);
  await expect(supervisor.adopt(child.pid ?? 0)).rejects.toMatchObject({ code: 'ERR_SPILLWAY_UNSUPPORTED' });
  expect(runs(child.pid ?? 0)).toBe(true);
  const worker = await supervisor.adopt(child);
  worker.kill();
  expect(await worker.exited).toMatchObject({ signal: 'SIGKILL', cause: 'signal' });
});

it('two may have the same name: there is nothing to own', async () => {
  const [a, b] = await Promise.all([supervising.create(), supervising.create()]);
  expect([a, b].every((each) => each instanceof Supervisor)).toBe(true);
});
