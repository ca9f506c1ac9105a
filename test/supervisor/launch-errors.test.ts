import { execFileSync, type ChildProcess, type SpawnOptions } from 'node:child_process';
import { closeSync, openSync, symlinkSync, writeFileSync } from 'node:fs';
import { getEventListeners } from 'node:events';
import { join, resolve } from 'node:path';

import { launch, type LeafJoin } from '../../lib/supervisor/launch';
import { copyLauncher, children, joinFile, joinForEver, openFds, removeFolder, temporaryFolder } from './fixtures/launcher';
import { describeError, failLaunched, failPlain, type Row } from './fixtures/parity';

const dir = temporaryFolder();
const isRoot = process.getuid?.() === 0;
let leaf: LeafJoin;

beforeAll(() => {
  copyLauncher(dir);
  leaf = joinFile(dir);
  writeFileSync(join(dir, 'not-executable'), '#!/bin/sh\n', { mode: 0o644 });
  writeFileSync(join(dir, 'no-interpreter'), '#!/no/such/interpreter\n', { mode: 0o755 });
  symlinkSync('loop', join(dir, 'loop'));
});

afterAll(() => {
  closeSync(leaf.procsFd);
  closeSync(leaf.launcherFd);
  removeFolder(dir);
});

// What a caller without types could pass.
const bad = (options: unknown) => options as SpawnOptions;
const text = (value: unknown) => value as string;
const list = (value: unknown) => value as string[];

describe('rejects as child_process.spawn fails', () => {
  test.each<[string, () => Row]>([
    ['missing program', () => ({ file: 'spillway-no-such-program', args: ['a', 'b'] })],
    ['missing program, argv0', () => ({ file: 'spillway-no-such-program', args: ['a'], options: { argv0: 'x' } })],
    ['missing program with a slash', () => ({ file: './none', options: { cwd: dir } })],
    ['missing program and cwd', () => ({ file: './none', options: { cwd: dir, stdio: ['ignore', 'pipe', 'pipe', 'ipc'] } })],
    ['missing shell', () => ({ file: 'echo', args: ['x'], options: { shell: '/no/such/shell' } })],
    ['missing interpreter', () => ({ file: join(dir, 'no-interpreter') })],
    ['not in PATH', () => ({ file: 'ls', options: { env: { PATH: dir } } })],
    ['directory', () => ({ file: dir })],
    ['file without x', () => ({ file: join(dir, 'not-executable') })],
    ['file without x in PATH', () => ({ file: 'not-executable', options: { env: { PATH: dir } } })],
    ['file below a file', () => ({ file: join(dir, 'not-executable/x') })],
    ['symlink loop', () => ({ file: join(dir, 'loop') })],
    ['long name', () => ({ file: 'x'.repeat(300) })],
    ['cwd is a file', () => ({ file: 'true', options: { cwd: join(dir, 'not-executable') } })],
    ['one huge argument', () => ({ file: 'true', args: ['x'.repeat(200_000)] })],
    ['huge argument list', () => ({ file: 'true', args: Array.from({ length: 200_000 }, () => 'xxxxxxxxxxxx') })],
    ['fd that is not open', () => ({ file: 'true', options: { stdio: ['ignore', 99_999] } })],
    ['empty file', () => ({ file: '' })],
    ['NUL in file', () => ({ file: 'a\0b' })],
    ['NUL in args', () => ({ file: 'true', args: ['a', 'b\0'] })],
    ['NUL in argv0', () => ({ file: 'true', options: { argv0: 'a\0' } })],
    ['NUL in shell', () => ({ file: 'true', options: { shell: 'a\0' } })],
    ['NUL in env', () => ({ file: 'true', options: { env: { A: 'a\0' } } })],
    ['NUL in cwd', () => ({ file: 'true', options: { cwd: 'a\0' } })],
    ['file of wrong type', () => ({ file: text(1) })],
    ['args of wrong type', () => ({ file: 'true', args: list('x') })],
    ['options of wrong type', () => ({ file: 'true', options: bad('x') })],
    ['cwd of wrong type', () => ({ file: 'true', options: bad({ cwd: 1 }) })],
    ['cwd of another scheme', () => ({ file: 'true', options: { cwd: new URL('http://x/') } })],
    ['detached of wrong type', () => ({ file: 'true', options: bad({ detached: 1 }) })],
    ['uid of wrong type', () => ({ file: 'true', options: bad({ uid: 'x' }) })],
    ['gid of wrong type', () => ({ file: 'true', options: bad({ gid: 1.5 }) })],
    ['shell of wrong type', () => ({ file: 'true', options: bad({ shell: 1 }) })],
    ['argv0 of wrong type', () => ({ file: 'true', options: bad({ argv0: 1 }) })],
    ['windowsHide of wrong type', () => ({ file: 'true', options: bad({ windowsHide: 1 }) })],
    ['timeout out of range', () => ({ file: 'true', options: { timeout: -1 } })],
    ['signal of wrong type', () => ({ file: 'true', options: bad({ signal: 'x' }) })],
    ['killSignal unknown', () => ({ file: 'true', options: bad({ killSignal: 'SIGX' }) })],
    ['serialization unknown', () => ({ file: 'true', options: bad({ serialization: 'xml' }) })],
    ['stdio unknown', () => ({ file: 'true', options: bad({ stdio: 'x' }) })],
    ['stdio of wrong type', () => ({ file: 'true', options: bad({ stdio: {} }) })],
    ['stdio entry unknown', () => ({ file: 'true', options: bad({ stdio: ['pipe', 'x'] }) })],
    ['stdio entry of wrong type', () => ({ file: 'true', options: bad({ stdio: ['pipe', {}] }) })],
    ['two ipc channels', () => ({ file: 'true', options: { stdio: ['pipe', 'ipc', 'ipc'] } })],
    ['two wrong things', () => ({ file: 'true', options: bad({ argv0: 1, cwd: 1 }) })],
    ['signal aborted before', () => ({ file: 'sleep', args: ['60'], options: { signal: AbortSignal.abort('why') } })],
  ])('%s', async (_name, row) => {
    const launched = await failLaunched(row(), leaf);
    expect(children()).toEqual([]);
    expect(describeError(launched)).toEqual(describeError(await failPlain(row())));
    expect(launched).toMatchObject({ code: expect.any(String) as string });
    // Rejected or not, a plain child may not be reaped yet.
    while (children().length > 0) await new Promise((resolve) => setImmediate(resolve));
  });

  test('missing cwd, and says so', async () => {
    const row: Row = { file: 'true', args: ['a'], options: { cwd: '/no/such/folder' } };
    const plain = describeError(await failPlain(row)) as Error;
    const message = `${plain.message}: cwd "/no/such/folder" does not exist`;
    expect(describeError(await failLaunched(row, leaf))).toEqual(Object.assign(plain, { message }));
  });

  (isRoot ? test : test.skip)('uid that this user may not take (needs root to become such a user)', () => {
    const output = execFileSync(process.execPath, [resolve(__dirname, 'fixtures/as-nobody.cjs'), dir]);
    const { plain, launched } = JSON.parse(output.toString()) as { plain: unknown; launched: unknown };
    expect(launched).toEqual(plain);
    expect(launched).toMatchObject({ code: 'EPERM', syscall: 'spawn' });
  });
});

describe('between spawn and exec', () => {
  /** The launcher hangs in its first step; `then` is what happens to it there. */
  async function hang(options: SpawnOptions, then: (pid: number) => void): Promise<ChildProcess> {
    const forEver = joinForEver(dir, leaf.launcherFd);
    try {
      const before = children();
      const launched = launch('true', [], options, forEver);
      const pid = children().find((each) => !before.includes(each));
      expect(pid).toBeDefined();
      then(pid ?? 0);
      return await launched;
    } finally {
      closeSync(forEver.procsFd);
      closeSync(forEver.holdFd);
    }
  }

  test('killed: settles with a child that was ended by the signal', async () => {
    const child = await hang({}, (pid) => process.kill(pid, 'SIGKILL'));
    const events: unknown[] = [];
    for (const event of ['spawn', 'exit']) child.on(event, (...args) => events.push([event, ...(args as unknown[])]));
    await new Promise((resolve) => child.once('close', resolve));
    expect(events).toEqual([['spawn'], ['exit', null, 'SIGKILL']]);
  });

  test('timeout: the same', async () => {
    const child = await hang({ timeout: 50, killSignal: 'SIGINT' }, () => undefined);
    expect(child.signalCode).toBe('SIGINT');
    await new Promise((resolve) => child.once('close', resolve));
  });

  test.each(['SIGTERM', 'SIGCONT'] as const)('aborted with %s: rejects, and the process is gone', async (killSignal) => {
    const controller = new AbortController();
    const fds = openFds();
    const launched = hang({ signal: controller.signal, killSignal, timeout: 60_000 }, () => {
      controller.abort('reason');
    });
    await expect(launched).rejects.toMatchObject({ name: 'AbortError', code: 'ABORT_ERR', cause: 'reason' });
    expect(children()).toEqual([]);
    expect(openFds()).toEqual(fds);
    expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
    expect(process.getActiveResourcesInfo()).not.toContain('ChildProcess');
  });
});

describe('the launcher itself', () => {
  const failure = (text: string | RegExp) => ({
    name: 'SpillwayError',
    code: 'ERR_SPILLWAY_LAUNCH_FAILED',
    message: expect.stringMatching(text) as string,
  });

  test.each<[string, () => Partial<LeafJoin>, RegExp]>([
    ['cgroup.procs not open for writing', () => ({ procsFd: leaf.launcherFd }), /could not join its cgroup .*: EBADF/],
    ['oom_score_adj out of range', () => ({ oomScoreAdj: 5000 }), /could not set its oom_score_adj: EINVAL; oomScoreAdj must be/],
    ['another program in its place', () => ({ launcherFd: openSync('/bin/true', 'r') }), /no report .* exited with 0; .*reinstall/],
    ['not an executable file', () => ({ launcherFd: openSync(join(dir, 'not-executable'), 'r') }), /could not run the launcher \(spawn true EACCES\); its file/],
  ])('%s', async (_name, join, message) => {
    const fds = openFds();
    const joining = { ...leaf, ...join() };
    await expect(launch('true', [], {}, joining)).rejects.toMatchObject(failure(message));
    if (joining.launcherFd !== leaf.launcherFd) closeSync(joining.launcherFd);
    expect(children()).toEqual([]);
    expect(openFds()).toEqual(fds);
  });
});
