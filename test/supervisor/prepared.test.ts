import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { native } from '../../lib/native';
import type { Enclosure } from '../../lib/supervisor/containment/types';
import type { MainProcess } from '../../lib/supervisor/main-process';
import { Prepared } from '../../lib/supervisor/prepared';
import type { Worker } from '../../lib/supervisor/worker';
import { runs, useStrays } from '../support/containment';
import { openFiles } from '../support/process-resources';

const strays = useStrays();
let mains: MainProcess[] = [];
let calls: string[] = [];
let start: (main: MainProcess) => Worker;

beforeEach(() => {
  mains = [];
  calls = [];
  start = (main) => {
    mains.push(main);
    return { pid: main.pid } as unknown as Worker;
  };
});
afterEach(() => {
  for (const main of mains) main.release();
  expect(openFiles().filter((name) => name.includes('pidfd'))).toEqual([]);
  jest.restoreAllMocks();
});

function prepare(): Prepared {
  const enclosure = { wrap: (file: string, args: readonly string[]) => ({ file: 'launcher', args: [file, ...args] }) } as Enclosure;
  return new Prepared(enclosure, { start: (main) => start(main), abandon: () => (calls.push('abandoned'), Promise.resolve()), onUsed: () => calls.push('used') });
}
const codeOf = (code: string): unknown => expect.objectContaining({ name: 'SpillwayError', code }) as unknown;
const sleeper = (): ChildProcess => strays.start('sleep', ['600']);

it('gives the command to start instead', () => {
  expect(prepare().wrap('a')).toEqual({ file: 'launcher', args: ['a'] });
  expect(prepare().wrap('a', ['b', ''])).toEqual({ file: 'launcher', args: ['a', 'b', ''] });
});

it('takes a child, anything with a pid, and a pid, and works at once', async () => {
  const child = sleeper();
  for (const target of [child, { pid: child.pid }, child.pid ?? 0]) {
    const attached = prepare().attach(target);
    expect(mains).toHaveLength(calls.filter((call) => call === 'used').length);
    expect(await attached).toEqual({ pid: child.pid });
  }
  expect(mains.map((main) => main.child)).toEqual([child, undefined, undefined]);
  expect(calls).toEqual(['used', 'used', 'used']);
});

it.each<[string, unknown]>([
  ['nothing', undefined], ['null', null], ['a text', '7'], ['an object without pid', {}], ['a program that could not be started', { pid: undefined }],
  ['0', 0], ['a group of processes', -5], ['init', 1], ['a fraction', 2.5], ['not a number', NaN], ['the supervisor itself', process.pid], ['its ancestor', process.ppid],
])('refuses %s as an option', async (_what, target) => {
  await expect(prepare().attach(target as number)).rejects.toEqual(codeOf('ERR_SPILLWAY_INVALID_OPTION'));
  expect(calls).toEqual(['used', 'abandoned']);
});

it('a pid that the system call would cut to that of another process is no process', async () => {
  const child = sleeper();
  await expect(prepare().attach(2 ** 32 + (child.pid ?? 0))).rejects.toEqual(codeOf('ERR_SPILLWAY_NO_PROCESS'));
  expect(mains).toEqual([]);
});

it('what has ended is no process: as a child, and by its pid', async () => {
  const child = spawn('true', { stdio: 'ignore' });
  await once(child, 'exit');
  for (const target of [child, { pid: child.pid }, child.pid ?? 0]) await expect(prepare().attach(target)).rejects.toEqual(codeOf('ERR_SPILLWAY_NO_PROCESS'));
});

it('a thread is no process', async () => {
  jest.spyOn(native(), 'openPidfd').mockReturnValue({ errno: 22, syscall: 'pidfd_open', file: '' });
  await expect(prepare().attach(sleeper().pid ?? 0)).rejects.toEqual(codeOf('ERR_SPILLWAY_NO_PROCESS'));
});

it('no descriptor to hold it with, or to watch it', async () => {
  const pid = sleeper().pid ?? 0;
  const open = jest.spyOn(native(), 'openPidfd').mockReturnValue({ errno: 24, syscall: 'pidfd_open', file: '' });
  await expect(prepare().attach(pid)).rejects.toEqual(codeOf('ERR_SPILLWAY_SYSTEM_LIMIT'));
  open.mockRestore();
  jest.spyOn(native(), 'watchProcess').mockReturnValue({ errno: 24, syscall: 'dup', file: '' });
  await expect(prepare().attach(pid)).rejects.toEqual(codeOf('ERR_SPILLWAY_SYSTEM_LIMIT'));
  expect(calls).toEqual(['used', 'abandoned', 'used', 'abandoned']);
});

it('lets go of the process when it cannot become a worker, and harms it not', async () => {
  const child = sleeper();
  start = () => { throw new Error('no room'); };
  await expect(prepare().attach(child)).rejects.toThrow('no room');
  expect(runs(child.pid ?? 0)).toBe(true);
  expect(calls).toEqual(['used', 'abandoned']);
});

it('serves once, and a failure uses it up', async () => {
  const place = prepare();
  await expect(place.attach(1)).rejects.toEqual(codeOf('ERR_SPILLWAY_INVALID_OPTION'));
  await expect(place.attach(sleeper())).rejects.toEqual(codeOf('ERR_SPILLWAY_STOPPED'));
  place[Symbol.dispose]();
  expect(calls).toEqual(['used', 'abandoned']);
});

it('given up, it is used', async () => {
  const place = prepare();
  place[Symbol.dispose]();
  place[Symbol.dispose]();
  await expect(place.attach(sleeper())).rejects.toEqual(codeOf('ERR_SPILLWAY_STOPPED'));
  expect(calls).toEqual(['used', 'abandoned']);
});
