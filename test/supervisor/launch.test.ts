import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, connect, type Socket } from 'node:net';
import { once } from 'node:events';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

import type { LeafJoin } from '../../lib/supervisor/launch';
import { copyLauncher, joinFile, removeFolder, temporaryFolder } from './fixtures/launcher';
import { observeLaunched, observePlain, type Row } from './fixtures/parity';

// Each row is run by `child_process.spawn` and by `launch`; what the program and its owner see must be the same.

const report = resolve(__dirname, 'fixtures/report.cjs');
const dir = temporaryFolder();
const out = join(dir, 'report.json');
const node = process.execPath;
const reporting = (options: Row['options'], ...args: string[]): Row => ({ file: node, args: [report, out, ...args], options });

let leaf: LeafJoin;
let socket: Socket;

beforeAll(async () => {
  copyLauncher(dir);
  leaf = joinFile(dir);
  mkdirSync(join(dir, 'bin'));
  mkdirSync(join(dir, 'bin-locked'));
  writeFileSync(join(dir, 'bin/spillway-only-here'), 'echo "no shebang: $0 $*"\n', { mode: 0o755 });
  writeFileSync(join(dir, 'bin-locked/spillway-only-here'), 'echo not executable\n', { mode: 0o644 });
  const server = createServer((peer) => peer.resume()).listen(join(dir, 'socket'));
  socket = connect(join(dir, 'socket'));
  await once(socket, 'connect');
  server.close();
});

afterAll(() => {
  socket.destroy();
  closeSync(leaf.procsFd);
  closeSync(leaf.launcherFd);
  removeFolder(dir);
});

async function same(row: Row): Promise<void> {
  const plain = await observePlain(row);
  const plainReport = takeReport();
  const launched = await observeLaunched(row, leaf);
  expect(launched).toEqual(plain);
  expect(takeReport()).toEqual(plainReport);
  expect(launched.firstEvent).toBe('spawn ');
}

function takeReport(): unknown {
  try {
    const text = readFileSync(out, 'utf8');
    rmSync(out);
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const oddNames = { 'a.b': '1', 'a@b': '2', 'a:b': '3', '1x': '4', 'with space': '5', 'ü': 'ß', empty: '', gone: undefined, PATH: process.env['PATH'] };
const inherited = Object.assign(Object.create({ fromPrototype: 'yes' }) as NodeJS.ProcessEnv, { PATH: process.env['PATH'] });

describe('options', () => {
  test.each<[string, () => Row]>([
    ['no options', () => reporting({})],
    ['arguments of all kinds', () => reporting({}, '', 'a b', '"quoted"', 'new\nline', '--', '-x', 'ünïcode', '$HOME')],
    ['cwd', () => reporting({ cwd: dir })],
    ['cwd as URL', () => reporting({ cwd: pathToFileURL(dir) })],
    ['cwd of no length', () => reporting({ cwd: '' })],
    ['env with odd names', () => reporting({ env: oddNames })],
    ['env with inherited values', () => reporting({ env: inherited })],
    ['env of no entries', () => reporting({ env: {} })],
    ['detached', () => reporting({ detached: true })],
    ['argv0', () => reporting({ argv0: 'another name' })],
    ['windowsHide', () => reporting({ windowsHide: true })],
    ['shell', () => ({ file: 'echo', args: ['$0', '"a  b"', '&&', 'pwd'], options: { shell: true, cwd: dir } })],
    ['shell by name', () => ({ file: 'echo $0 $BASH', options: { shell: '/bin/bash' } })],
    ['shell looked up in PATH', () => ({ file: 'echo $0', options: { shell: 'sh' } })],
    ['shell and argv0', () => ({ file: 'echo $0', args: ['x'], options: { shell: true, argv0: 'zero' } })],
    ['shell of no length', () => reporting({ shell: '' })],
    ["PATH of the child's env", () => ({ file: 'spillway-only-here', args: ['a', 'b c'], options: { env: { PATH: join(dir, 'bin') } } })],
    ['PATH with an entry that is locked', () => ({ file: 'spillway-only-here', options: { env: { PATH: `${join(dir, 'bin-locked')}:/none:${join(dir, 'bin')}` } } })],
    ['PATH with a relative entry', () => ({ file: 'spillway-only-here', options: { cwd: dir, env: { PATH: 'bin' } } })],
    ['PATH missing', () => ({ file: 'ls', args: ['/proc/self/task'].slice(1), options: { env: {}, cwd: join(dir, 'bin') } })],
    ['file with a slash, relative to cwd', () => ({ file: 'bin/spillway-only-here', options: { cwd: dir } })],
    ['exit code', () => ({ file: 'sh', args: ['-c', 'exit 42'] })],
    ['exit by signal', () => ({ file: 'sh', args: ['-c', 'kill -9 $$'] })],
    ['timeout', () => ({ file: 'sleep', args: ['60'], options: { timeout: 200 } })],
    ['timeout and killSignal', () => ({ file: 'sleep', args: ['60'], options: { timeout: 200, killSignal: 'SIGINT' } })],
  ])('%s', async (_name, row) => {
    await same(row());
  });

  test('signal aborted later', async () => {
    for (const observed of [observePlain, (row: Row) => observeLaunched(row, leaf)]) {
      const controller = new AbortController();
      const options = { signal: controller.signal, killSignal: 'SIGHUP' as const };
      const use = () => {
        controller.abort(new Error('enough'));
      };
      const { events } = await observed({ file: 'sleep', args: ['60'], options, use });
      expect(events).toEqual(['close null,SIGHUP', 'error AbortError: The operation was aborted', 'exit null,SIGHUP', 'spawn ']);
    }
  });
});

describe('stdio', () => {
  const echo = 'cat; echo one; echo two >&2';
  const useStdin: Row['use'] = (child) => child.stdin?.end('to stdin\n');
  const file = () => openSync(join(dir, 'file'), 'w');

  test.each<[string, () => Row['options']]>([
    ['pipe', () => ({ stdio: 'pipe' })],
    ['overlapped', () => ({ stdio: 'overlapped' })],
    ['ignore', () => ({ stdio: 'ignore' })],
    ['inherit', () => ({ stdio: 'inherit' })],
    ['[]', () => ({ stdio: [] })],
    ['one entry', () => ({ stdio: ['ignore'] })],
    ['null and undefined', () => ({ stdio: [null, undefined, 'pipe', null, undefined] })],
    ['a hole', () => ({ stdio: Object.assign(['pipe'], { 2: 'ignore', 3: 'pipe' }) as ('pipe' | 'ignore')[] })],
    ['extra pipes', () => ({ stdio: ['pipe', 'pipe', 'pipe', 'pipe', 'overlapped'] })],
    ['a gap before fd 5', () => ({ stdio: ['ignore', 'pipe', 'pipe', 'ignore', 'ignore', 'pipe'] })],
    ['numbers', () => ({ stdio: ['ignore', 2, 1, 0] })],
    ['an fd', () => ({ stdio: ['ignore', file(), 'pipe', 'pipe', leaf.launcherFd, leaf.procsFd] })],
    ['streams', () => ({ stdio: [process.stdin, process.stdout, process.stderr] })],
    ['a socket', () => ({ stdio: ['ignore', 'pipe', 'pipe', socket] })],
    ['ten entries', () => ({ stdio: Array.from({ length: 10 }, () => 'pipe' as const) })],
    ['ipc in the middle', () => ({ stdio: ['pipe', 'pipe', 'pipe', 'ipc', 'pipe'] })],
    ['ipc as stdin', () => ({ stdio: ['ipc', 'pipe', 'pipe'] })],
  ])('%s', async (_name, options) => {
    await same(reporting(options()));
  });

  test('data through all of them', async () => {
    const script = `${echo}; echo three >&3; cat <&4 >&3`;
    const use: Row['use'] = (child) => {
      useStdin(child);
      (child.stdio[4] as Socket).end('to four\n');
    };
    const row: Row = { file: 'sh', args: ['-c', script], options: { stdio: ['pipe', 'pipe', 'pipe', 'pipe', 'pipe'] }, use };
    await same(row);
    const { output } = await observeLaunched(row, leaf);
    expect(output).toMatchObject({ 1: ['to stdin\none\n', 'end', 'close'], 2: ['two\n', 'end', 'close'], 3: ['three\nto four\n', 'end', 'close'] });
  });

  test('output of a program that ends at once is not lost', async () => {
    const rows = Array.from({ length: 50 }, (_, i) => observeLaunched({ file: 'echo', args: [String(i)] }, leaf));
    const outputs = (await Promise.all(rows)).map(({ output }) => output);
    expect(outputs).toEqual(rows.map((_, i) => ({ 0: ['close'], 1: [`${i}\n`, 'end', 'close'], 2: ['', 'end', 'close'] })));
  });

  test("the caller's array stays as it is", async () => {
    const stdio: 'pipe'[] = ['pipe'];
    await observeLaunched({ file: 'true', options: { stdio } }, leaf);
    expect(stdio).toEqual(['pipe']);
  });
});

describe('IPC', () => {
  const script = "process.on('message', (m) => { process.send(m); process.disconnect() }); process.send({ first: typeof process.send })";
  const ipc = { stdio: ['ignore', 'pipe', 'pipe', 'ipc'] as ('ignore' | 'pipe' | 'ipc')[] };

  test.each<[string, NonNullable<Row['options']>, unknown]>([
    ['json', { ...ipc, serialization: 'json' }, { text: 'ü', list: [1, null, { a: true }] }],
    ['advanced', { ...ipc, serialization: 'advanced' }, new Map([['bytes', Buffer.from('ab')]])],
    ['the default', ipc, 'a string'],
  ])('%s', async (_name, options, message) => {
    await same({ file: node, args: ['-e', script], options, use: (child) => child.send(message as object) });
  });
});
