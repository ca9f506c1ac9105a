import fs, { readFileSync } from 'node:fs';
import { native } from '../../../lib/native';
import { KernelKillCounter } from '../../../lib/supervisor/containment/kernel-kill-counter';
import { ProcessEnclosure } from '../../../lib/supervisor/containment/process-enclosure';
import { ProcessPool } from '../../../lib/supervisor/containment/process-pool';
import { MainProcess } from '../../../lib/supervisor/main-process';
import type { SpillwayError } from '../../../lib/errors';
import { factsOf, lines, runs, until, useStrays } from '../../support/containment';
import { openFiles } from '../../support/process-resources';

const strays = useStrays();
const degraded: SpillwayError[] = [];
const made: ProcessEnclosure[] = [];
const mains: MainProcess[] = [];
let count = 0;
afterEach(() => {
  jest.restoreAllMocks();
  jest.useRealTimers();
  for (const enclosure of made.splice(0)) enclosure.kill();
  for (const main of mains.splice(0)) main.release();
  expect(openFiles().filter((name) => name.includes('pidfd'))).toEqual([]);
  expect(degraded.splice(0).map(String)).toEqual([]);
});

function enclose(kills = new KernelKillCounter([() => 0])): ProcessEnclosure {
  const enclosure = new ProcessEnclosure(factsOf(), { pool: 'test', runId: String(process.pid), id: `w${++count}` }, new ProcessPool(0), kills, (error) => degraded.push(error), () => undefined);
  made.push(enclosure);
  return enclosure;
}
async function launch(enclosure: ProcessEnclosure, script: string): Promise<MainProcess> {
  const main = await enclosure.launch({ file: 'sh', args: ['-c', script], options: { stdio: ['ignore', 'pipe', 'inherit'] } });
  mains.push(main);
  return main;
}
const noDescriptor = Object.assign(new Error('EMFILE: too many open files'), { code: 'EMFILE', errno: -24 });
const failToLook = (): jest.SpyInstance => jest.spyOn(fs, 'readdirSync').mockImplementation(() => { throw noDescriptor; });
const pidIn = async (main: MainProcess): Promise<number> => Number((await lines(main.child?.stdout ?? null, 1))[0]);

it('knows what is in it, what that uses, and that the kernel shall prefer it', async () => {
  const enclosure = enclose();
  expect([enclosure.sample(), enclosure.members, enclosure.wrap('a', ['b'])]).toEqual([undefined, [], { file: 'a', args: ['b'] }]);
  const main = await launch(enclosure, 'sleep 600 & echo $!; wait');
  const child = await pidIn(main);
  expect(enclosure.sample()?.usage).toMatchObject({ currentBytes: expect.any(Number) as number, swapBytes: 0 });
  expect(enclosure.members.map(({ pid }) => pid)).toEqual([main.pid, child]);
  expect(readFileSync(`/proc/${main.pid}/oom_score_adj`, 'utf8')).toBe('500\n');
  enclosure.kill();
  await main.ended;
  expect(await enclosure.settle(false)).toMatchObject({ kernelKilledFor: undefined, peakBytes: expect.any(Number) as number });
  expect([runs(child), enclosure.sample()]).toEqual([false, undefined]);
});

it('catches forks that no look had seen before the kill', async () => {
  const enclosure = enclose();
  const main = await launch(enclosure, 'sleep 600 & echo $!; wait');
  const child = await pidIn(main);
  enclosure.kill();
  await main.ended;
  await enclosure.settle(false);
  expect(runs(child)).toBe(false);
});

it('sees its children before the main process is asked to end', async () => {
  const enclosure = enclose();
  const main = await launch(enclosure, 'sleep 600 & echo $!; wait');
  const child = await pidIn(main);
  enclosure.beforeAsking();
  main.signal('SIGTERM');
  await main.ended;
  expect((await enclosure.settle(false)).leftovers).toBe(1);
  expect(runs(child)).toBe(false);
});

it('a launch that cannot be looked at leaves no process', async () => {
  const enclosure = enclose();
  let pid = 0;
  const openPidfd = native().openPidfd.bind(native());
  jest.spyOn(native(), 'openPidfd').mockImplementation((given) => openPidfd((pid = given)));
  failToLook();
  await expect(launch(enclosure, 'exec sleep 600')).rejects.toBe(noDescriptor);
  jest.restoreAllMocks();
  expect([pid > 0, runs(pid)]).toEqual([true, false]);
  expect((await enclosure.settle(false)).leftovers).toBe(0);
});

it('an attach that cannot be looked at leaves the process alone', async () => {
  const enclosure = enclose();
  const child = strays.start('sleep', ['600']);
  const look = failToLook();
  expect(() => enclosure.take(MainProcess.ofChild(child, undefined))).toThrow(noDescriptor);
  look.mockRestore();
  expect((await enclosure.settle(false)).leftovers).toBe(0);
  expect(runs(child.pid ?? 0)).toBe(true);
});

it('without descriptors: what it uses is unknown, a kill takes the main process, and the rest goes later', async () => {
  const enclosure = enclose();
  const main = await launch(enclosure, 'sleep 600 & echo $!; wait');
  const child = await pidIn(main);
  enclosure.sample();
  const look = failToLook();
  expect(enclosure.sample()).toBeUndefined();
  enclosure.kill();
  expect(await main.ended).toEqual({ code: null, signal: 'SIGKILL' });
  jest.useFakeTimers();
  const settled = enclosure.settle(false);
  await jest.advanceTimersByTimeAsync(3000);
  expect(degraded.splice(0)).toEqual([expect.objectContaining({ code: 'ERR_SPILLWAY_SYSTEM', cause: noDescriptor })]);
  look.mockRestore();
  await jest.advanceTimersByTimeAsync(1000);
  jest.useRealTimers();
  await until('its end', () => !runs(child));
  void settled;
});

it('tells of processes that this user may not kill, and does not wait for them', async () => {
  const enclosure = enclose();
  const main = await launch(enclosure, 'sleep 600 & echo $!; wait');
  const child = await pidIn(main);
  enclosure.sample();
  jest.spyOn(native(), 'signalPidfd').mockReturnValue({ errno: 1, syscall: 'pidfd_send_signal', file: '' });
  expect((await enclosure.settle(false)).leftovers).toBe(2);
  expect(degraded.splice(0)).toEqual([expect.objectContaining({ code: 'ERR_SPILLWAY_STUCK', message: expect.stringContaining(`may not be killed by this user: ${main.pid}, ${child}`) as string })]);
  jest.restoreAllMocks();
  for (const pid of [main.pid, child]) process.kill(pid, 'SIGKILL');
  await main.ended;
});

it('never signals a process that got the number of one of its own', () => {
  const enclosure = enclose();
  const other = strays.start('sleep', ['600']);
  enclosure.take(MainProcess.ofChild(strays.start('sleep', ['600']), undefined));
  const [member] = enclosure.members;
  if (member === undefined) throw new Error('it is empty');
  jest.spyOn(enclosure, 'members', 'get').mockReturnValueOnce([{ ...member, pid: other.pid ?? 0, startTime: 1 }]);
  enclosure.kill();
  expect(runs(other.pid ?? 0)).toBe(true);
  expect(readFileSync(`/proc/${other.pid ?? 0}/stat`, 'utf8')).not.toContain(') T ');
});

it.each([[true, 'host'], [false, undefined]])('blames the kernel only for what is unexplained: %s', async (unexplained, blame) => {
  let kills = 0;
  const enclosure = enclose(new KernelKillCounter([() => kills]));
  kills = 1;
  expect((await enclosure.settle(unexplained)).kernelKilledFor).toBe(blame);
});
