import { fork, type ForkOptions } from 'node:child_process';
import { closeSync, readFileSync, symlinkSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

import { forkArguments } from '../../lib/supervisor/fork-arguments';
import { launch, type LeafJoin } from '../../lib/supervisor/launch';
import { copyLauncher, joinFile, removeFolder, temporaryFolder } from './fixtures/launcher';
import { describeError } from './fixtures/parity';

const report = resolve(__dirname, 'fixtures/report.cjs');
const dir = temporaryFolder();
const out = join(dir, 'report.json');
let leaf: LeafJoin;

beforeAll(() => {
  copyLauncher(dir);
  leaf = joinFile(dir);
  symlinkSync(process.execPath, join(dir, 'another-node'));
});

afterAll(() => {
  closeSync(leaf.procsFd);
  closeSync(leaf.launcherFd);
  removeFolder(dir);
});

async function reported(child: ReturnType<typeof fork>): Promise<unknown> {
  const code = await new Promise((resolve) => child.once('close', resolve));
  return { code, spawnfile: child.spawnfile, spawnargs: child.spawnargs, stdio: child.stdio.map((each) => each?.constructor.name), report: readFileSync(out, 'utf8') };
}

test.each<[string, string | URL, ForkOptions]>([
  ['no options', report, {}],
  ['module as URL', pathToFileURL(report), {}],
  ['silent', report, { silent: true }],
  ['stdio pipe', report, { stdio: 'pipe' }],
  ['stdio as array', report, { stdio: ['ignore', 'pipe', 'inherit', 'pipe', 'ipc'] }],
  ['stdio over silent', report, { stdio: 'ignore', silent: true }],
  ['execArgv', report, { execArgv: ['--no-warnings', '--max-old-space-size=64'] }],
  ['execPath', report, { execPath: join(dir, 'another-node'), execArgv: [] }],
  ['env, cwd, detached', report, { env: { ONLY: 'this' }, cwd: dir, detached: true }],
  ['serialization', report, { serialization: 'advanced' }],
])('%s: as child_process.fork', async (_name, module, options) => {
  const args = [out, 'a', 'b c'];
  const plain = await reported(fork(module, args, options));
  const forked = forkArguments(module, args, options);
  expect(await reported(await launch(forked.file, forked.args, forked.options, leaf))).toEqual(plain);
});

test.each<[string, unknown[]]>([
  ['no ipc', ['m', [], { stdio: ['pipe', 'pipe', 'pipe'] }]],
  ['unknown stdio', ['m', [], { stdio: 'x' }]],
  ['module of wrong type', [1]],
  ['module with NUL', ['a\0']],
  ['module of another scheme', [new URL('http://x/')]],
  ['args of wrong type', ['m', 'x']],
  ['NUL in execPath', ['m', [], { execPath: '\0' }]],
  ['NUL in execArgv', ['m', [], { execArgv: ['a', '\0'] }]],
])('%s: throws as child_process.fork', (_name, args) => {
  const error = (call: (...args: never[]) => unknown) => {
    try {
      return call(...(args as never[]));
    } catch (error) {
      return describeError(error);
    }
  };
  expect(error(forkArguments)).toEqual(error(fork));
  expect(error(forkArguments)).toHaveProperty('code');
});

test('a script given on the command line is not run again by the child', () => {
  const { execArgv } = process;
  Object.assign(process, { _eval: 'script' });
  process.execArgv = ['--no-warnings', '-e', 'script', '--trace-exit'];
  try {
    expect(forkArguments('m').args).toEqual(['--no-warnings', '--trace-exit', 'm']);
  } finally {
    process.execArgv = execArgv;
    Reflect.deleteProperty(process, '_eval');
  }
});
