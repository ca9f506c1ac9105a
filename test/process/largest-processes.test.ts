// The scenarios of Ray's process readers (ray.md 3.5, "Processes"), by their names there.

import fs from 'node:fs';
import { largestProcesses, largestProcessesOf, type LargeProcess } from '../../lib/process/largest-processes';
import { errorOf } from '../support/error-of';
import { MiB } from '../support/fixture-cgroup';
import { FixtureProc } from './support/fixture-proc';
import { Running } from './support/running';

let proc: FixtureProc;
let running: Running | undefined;
beforeEach(() => {
  proc = new FixtureProc();
});
afterEach(() => {
  jest.restoreAllMocks();
  proc.remove();
  running?.release();
});

/** `size` pages in memory, of which `unique` KiB are its own. */
function put(pid: number | string, size: number, { unique, cmdline }: { unique?: number; cmdline?: string | Buffer } = {}): void {
  proc.write(`${pid}/statm`, `${size + 1} ${size} 0 0 0 0 0\n`);
  if (unique !== undefined) proc.write(`${pid}/smaps_rollup`, `x\nRss: 9 kB\nPss: 7 kB\nPrivate_Clean: 1 kB\nPrivate_Dirty: ${unique - 1} kB\n`);
  if (cmdline !== undefined) proc.write(`${pid}/cmdline`, cmdline);
}
const pids = (found: LargeProcess[]): number[] => found.map(({ pid }) => pid);
const commandOf = (cmdline: string | Buffer): string | undefined => {
  put(1, 1, { cmdline });
  return largestProcessesOf(proc.root, 1)[0]?.command;
};

describe('processes', () => {
  it('only numeric names', () => {
    for (const name of ['3', 'self', 'sys', '5x', 'x5', '-5', '0', '05', '1.5', '99999999999', ' 7']) put(name, 1);
    expect(pids(largestProcessesOf(proc.root, 20))).toEqual([3]);
  });

  it('absent directory -> empty', () => {
    expect(largestProcessesOf(`${proc.root}/missing`, 5)).toEqual([]);
    expect(largestProcessesOf(proc.root, 5)).toEqual([]);
  });

  it.each([[2, [30, 20]], [3, [30, 20, 10]], [5, [30, 20, 10]]])('top %i of three: with fewer and with more than there are', (count, expected) => {
    for (const pid of [20, 10, 30]) put(pid, pid);
    expect(pids(largestProcessesOf(proc.root, count))).toEqual(expected);
  });

  it('of equal ones the lowest pid first', () => {
    for (const pid of [8, 9, 7]) put(pid, 5);
    expect(pids(largestProcessesOf(proc.root, 9))).toEqual([7, 8, 9]);
  });

  it('bad pids skipped: gone, zombies, threads of the kernel, garbage', () => {
    put(1, 1);
    proc.makeDirectory('2').write('3/statm', '0 0 0 0 0 0 0\n').write('4/statm', 'garbage\n').write('5/statm', '');
    expect(pids(largestProcessesOf(proc.root, 9))).toEqual([1]);
  });

  it('by unique size, without those that do not let themselves be looked into', () => {
    put(1, 100, { unique: 2 });
    put(2, 50, { unique: 8 });
    put(3, 900);
    expect(largestProcessesOf(proc.root, 9, { by: 'uss' })).toEqual([
      { pid: 2, rssBytes: 9216, pssBytes: 7168, ussBytes: 8192 },
      { pid: 1, rssBytes: 9216, pssBytes: 7168, ussBytes: 2048 },
    ]);
  });

  it('by resident size, with the unique size of those that are told', () => {
    put(1, 0, { unique: 2 });
    put(2, 0);
    expect(largestProcessesOf(proc.root, 9)).toEqual([{ pid: 1, rssBytes: 0, pssBytes: 7168, ussBytes: 2048 }, { pid: 2, rssBytes: 0 }]);
  });
});

describe('command line', () => {
  it.each<[string, string | Buffer, string]>([
    ['read: NULs -> spaces', 'node\0server.js\0--port\x0080\0', 'node server.js --port 80'],
    ['trimmed', ' \0sh\0\0 \0', 'sh'],
    ['truncation: short', 'x'.repeat(100), 'x'.repeat(100)],
    ['truncation: long', 'x'.repeat(101), 'x'.repeat(100)],
    ['truncation: very long', 'x'.repeat(300_000), 'x'.repeat(100)],
    ['truncation between characters, never within one', '😀'.repeat(101), '😀'.repeat(100)],
    ['what a terminal would obey', 'a\x1b[2Jb\nc\u202ed', 'a?[2Jb?c?d'],
    ['not UTF-8', Buffer.from([0x61, 0xff, 0x62]), 'a\ufffdb'],
  ])('%s', (_scenario, cmdline, command) => {
    expect(commandOf(cmdline)).toBe(command);
  });

  it.each([
    ['missing: no file', undefined, 'cat\n', '[cat]'],
    ['missing: empty', '', 'my\x1bname\n', '[my?name]'],
    ['missing: NULs and blanks only', '\0 \0', 'x y\n', '[x y]'],
    ['missing, and no name either', undefined, undefined, undefined],
  ])('%s', (_scenario, cmdline, name, command) => {
    put(1, 1, cmdline === undefined ? {} : { cmdline });
    if (name !== undefined) proc.write('1/comm', name);
    expect(largestProcessesOf(proc.root, 1)[0]?.command).toBe(command);
  });
});

it.each([[0], [-1], [1.5], [NaN], ['5'], [10_001]])('refuses %p for a count', (count) => {
  expect(errorOf(() => largestProcesses(count as number))).toMatchObject({ code: 'ERR_SPILLWAY_INVALID_OPTION' });
});

it.each([[{ by: 'pss' }], [{ By: 'rss' }]])('refuses the options %j', (options) => {
  expect(errorOf(() => largestProcesses(5, options as never))).toMatchObject({ code: 'ERR_SPILLWAY_INVALID_OPTION' });
});

it('throws what keeps it from looking', () => {
  const error = Object.assign(new Error('EMFILE'), { code: 'EMFILE' });
  jest.spyOn(fs, 'readdirSync').mockImplementation(() => {
    throw error;
  });
  expect(errorOf(() => largestProcesses())).toBe(error);
});

it.each(['rss', 'uss'] as const)('by %s finds a child that holds 64 MiB, and this process', async (by) => {
  running = Running.python(`held = b'x' * (64 << 20)\ntell(1)\nhold()`);
  await running.told();
  const found = largestProcesses(10_000, { by });
  const child = found.find(({ pid }) => pid === running?.pid);
  expect(child?.command).toMatch(/python3 -c/);
  expect(child?.rssBytes).toBeGreaterThan(60 * MiB);
  expect(child?.ussBytes).toBeGreaterThan(60 * MiB);
  expect(pids(found)).toContain(process.pid);
  expect(found.map((each) => each[`${by}Bytes`])).toEqual(found.map((each) => each[`${by}Bytes`]).sort((a = 0, b = 0) => b - a));
});
