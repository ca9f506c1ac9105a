import { spawnSync, type SpawnSyncOptions } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { launcherPath } from '../../lib/native';
import { writableCgroup2, removeFolder, temporaryFolder } from './fixtures/launcher';

// spillway-launch --into DIRECTORY OOM_SCORE_ADJ FILE [ARG...]

const dir = temporaryFolder();
const bin = join(dir, 'bin');
const leaf = join(dir, 'leaf');
const procs = join(leaf, 'cgroup.procs');

beforeAll(() => {
  mkdirSync(bin);
  mkdirSync(leaf);
  writeFileSync(join(dir, 'not-executable'), '#!/bin/sh\n', { mode: 0o644 });
  writeFileSync(join(bin, '-option'), '#!/bin/sh\necho "$@"\n', { mode: 0o755 });
  writeFileSync(join(bin, 'no-shebang'), 'echo "by sh: $1"\n', { mode: 0o755 });
  symlinkSync('loop', join(dir, 'loop'));
});

beforeEach(() => { writeFileSync(procs, ''); });

afterAll(() => { removeFolder(dir); });

function into(directory: string, score: string, command: readonly string[], options: SpawnSyncOptions = {}) {
  const { status, signal, stdout, stderr } = spawnSync(launcherPath(), ['--into', directory, score, ...command], { timeout: 60_000, ...options, encoding: 'utf8' });
  return { status, signal, stdout, stderr };
}

const ran = (stdout: string) => ({ status: 0, signal: null, stdout, stderr: '' });

/** What oom_score_adj this process's children start with. */
const inherited = readFileSync('/proc/self/oom_score_adj', 'utf8');

const mount = writableCgroup2();

(mount === undefined ? test.skip : test)('the program starts in the cgroup (needs a writable cgroup v2)', () => {
  const name = `spillway-test-${process.pid}-into`;
  const path = join(mount ?? '', name);
  mkdirSync(path);
  try {
    expect(into(path, '0', ['cat', '/proc/self/cgroup']).stdout).toContain(`0::/${name}\n`);
  } finally {
    rmdirSync(path);
  }
});

test('writes 0 to cgroup.procs, once, before the program starts', () => {
  expect(into(leaf, '0', ['cat', procs])).toEqual(ran('0'));
  expect(readFileSync(procs, 'utf8')).toBe('0');
});

test.each([0, 500, 1000])('oom_score_adj %d', (score) => {
  expect(into(leaf, String(score), ['cat', '/proc/self/oom_score_adj'])).toEqual(ran(`${score}\n`));
});

describe('what fails before the exec stops nothing and prints nothing', () => {
  test.each<[string, () => string]>([
    ['missing directory', () => join(dir, 'missing')],
    ['a file in its place', () => join(dir, 'not-executable')],
    ['empty path', () => ''],
    ['a symlink loop', () => join(dir, 'loop')],
    ['path that is too long', () => `/${'x/'.repeat(5000)}`],
  ])('%s', (_name, directory) => {
    expect(into(directory(), '300', ['cat', '/proc/self/oom_score_adj'])).toEqual(ran('300\n'));
  });

  test('directory without cgroup.procs, which is not made', () => {
    expect(into(bin, '0', ['echo', 'there'])).toEqual(ran('there\n'));
    expect(readdirSync(bin)).not.toContain('cgroup.procs');
  });

  test.each(['1001', '-1001', 'nonsense', ''])('oom_score_adj %j', (score) => {
    expect(into(leaf, score, ['cat', '/proc/self/oom_score_adj'])).toEqual(ran(inherited));
    expect(readFileSync(procs, 'utf8')).toBe('0');
  });
});

describe('passes through', () => {
  test('arguments, and FILE as argv[0]', () => {
    const args = ['', 'a b', '--into', '-x', "'\"$HOME\\", 'ü\n'];
    const { stdout } = into(leaf, '0', ['cat', '/proc/self/cmdline', ...args.map(() => '/dev/null')]);
    expect(stdout).toBe(['cat', '/proc/self/cmdline', ...args.map(() => '/dev/null'), ''].join('\0'));
    expect(into(leaf, '0', ['printf', '[%s]', ...args])).toEqual(ran(args.map((arg) => `[${arg}]`).join('')));
  });

  test('no arguments', () => {
    expect(into(leaf, '0', ['echo'])).toEqual(ran('\n'));
  });

  test('the environment, with names that a shell drops', () => {
    const env = { PATH: process.env['PATH'], 'A-B.c': '1', EMPTY: '' };
    expect(into(leaf, '0', ['env'], { env })).toEqual(ran(Object.entries(env).map(([name, value]) => `${name}=${value}\n`).join('')));
  });

  test('stdin and stderr', () => {
    expect(into(leaf, '0', ['sh', '-c', 'cat; echo err >&2'], { input: 'to stdin' })).toEqual({ ...ran('to stdin'), stderr: 'err\n' });
  });

  test('the exit status, and the signal', () => {
    expect(into(leaf, '0', ['sh', '-c', 'exit 42'])).toMatchObject({ status: 42, signal: null });
    expect(into(leaf, '0', ['sh', '-c', 'kill -TERM $$'])).toMatchObject({ status: null, signal: 'SIGTERM' });
  });

  test('the working directory', () => {
    expect(into('../leaf', '0', ['pwd', '-P'], { cwd: bin })).toEqual(ran(`${bin}\n`));
    expect(readFileSync(procs, 'utf8')).toBe('0');
  });

  test('descriptors of the caller, and none besides', () => {
    const stdio: SpawnSyncOptions['stdio'] = ['ignore', 'pipe', 'pipe', 'ignore', 'inherit', 'ignore'];
    const listing = ['sh', '-c', 'ls /proc/$$/fd'];
    const plain = spawnSync(listing[0] ?? '', listing.slice(1), { stdio, encoding: 'utf8' });
    expect(into(leaf, '0', listing, { stdio }).stdout).toBe(plain.stdout);
    expect(into(join(dir, 'missing'), 'nonsense', listing, { stdio }).stdout).toBe(plain.stdout);
  });
});

describe('FILE', () => {
  const env = { PATH: `${bin}:${process.env['PATH'] ?? ''}` };

  test('that begins with - is a program like any other', () => {
    expect(into(leaf, '0', ['-option', '-a', 'b'], { env })).toEqual(ran('-a b\n'));
  });

  test('without "#!" is run by sh, as spawn does it', () => {
    expect(into(leaf, '0', ['no-shebang', 'x'], { env })).toEqual(ran('by sh: x\n'));
  });

  test.each<[string, string, number, string]>([
    ['missing in PATH', 'spillway-no-such-program', 127, 'No such file or directory'],
    ['missing', join(dir, 'none'), 127, 'No such file or directory'],
    ['empty', '', 127, 'No such file or directory'],
    ['a directory', dir, 126, 'Permission denied'],
    ['without x', join(dir, 'not-executable'), 126, 'Permission denied'],
    ['below a file', join(dir, 'not-executable/x'), 126, 'Not a directory'],
    ['a symlink loop', join(dir, 'loop'), 126, 'Too many levels of symbolic links'],
  ])('%s', (_name, file, status, reason) => {
    expect(into(leaf, '0', [file, 'a'])).toEqual({ status, signal: null, stdout: '', stderr: `spillway-launch: ${file}: ${reason}\n` });
  });

  test('missing, with nobody to read why: the status still tells', () => {
    const command = 'mkfifo "$2"; exec 4<>"$2" 5>"$2" 4<&-; "$0" --into "$1" 0 /no/such/program 2>&5; echo $?';
    const { stdout } = spawnSync('sh', ['-c', command, launcherPath(), leaf, join(dir, 'fifo')], { encoding: 'utf8' });
    expect(stdout).toBe('127\n');
  });
});

test('with an argument missing it says that it is not meant for people', () => {
  for (const args of [['--into'], ['--into', leaf], ['--into', leaf, '0']]) {
    const { status, stderr } = spawnSync(launcherPath(), args, { encoding: 'utf8' });
    expect({ status, stderr }).toEqual({ status: 127, stderr: 'spillway-launch is run by Spillway, not by hand\n' });
  }
  expect(readFileSync(procs, 'utf8')).toBe('');
});
