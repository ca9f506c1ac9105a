import { transformSync } from '@swc/core';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { WarmProcesses, type WarmProcessesOptions } from '../../lib/pool';
import type { Supervisor } from '../../lib/supervisor/supervisor';
import { errorOf } from '../support/error-of';
import { runs, until, useSupervisors } from '../support/containment';
import { nothing, rejection } from './warm-world';

jest.setTimeout(120_000);

const supervising = useSupervisors();
const root = join(__dirname, '../..');
const opened: WarmProcesses<string>[] = [];
let built: string;

// The processes run plain Node, which reads no TypeScript.
beforeAll(() => {
  built = mkdtempSync(join(tmpdir(), 'spillway-'));
  for (const file of ['errors', 'text-of', 'pool/process-messages', 'pool/answer-requests']) {
    const { code } = transformSync(readFileSync(join(root, `lib/${file}.ts`), 'utf8'), { jsc: { target: 'es2022', parser: { syntax: 'typescript' } }, module: { type: 'commonjs' } });
    mkdirSync(dirname(join(built, file)), { recursive: true });
    writeFileSync(join(built, `${file}.js`), code);
  }
});

afterEach(async () => {
  await Promise.all(opened.splice(0).map((processes) => processes.close()));
});

afterAll(() => {
  rmSync(built, { recursive: true, force: true });
});

async function start(options: Partial<WarmProcessesOptions<string>> = {}): Promise<{ supervisor: Supervisor; processes: WarmProcesses<string> }> {
  const supervisor = await supervising.create();
  const processes = new WarmProcesses<string>({
    supervisor, modulePath: join(__dirname, 'programs/answers.cjs'), args: [join(built, 'pool/answer-requests.js')], capacity: 2, ...options,
  });
  opened.push(processes);
  return { supervisor, processes };
}

const idle = (supervisor: Supervisor): boolean[] => supervisor.status().workers.map((worker) => worker.idle);

it('a key finds its process again, another one has its own; who waits is idle, who is at work is not', async () => {
  const { supervisor, processes } = await start({ workerOptions: (key) => ({ group: `tenant-${key}`, retriable: true }) });
  const pid = await processes.request('a', { deed: 'pid' });
  expect(idle(supervisor)).toEqual([true]);
  expect(await processes.request('a', { deed: 'pid' })).toBe(pid);
  expect(await processes.request('b', { deed: 'pid' })).not.toBe(pid);
  expect(supervisor.status().workers.map(({ group }) => group)).toEqual(['tenant-a', 'tenant-b']);
  const controller = new AbortController();
  const hanging = rejection(processes.request('a', { deed: 'hang' }, { signal: controller.signal }));
  await until('it to be at work', () => idle(supervisor).includes(false));
  expect(processes.stats).toMatchObject({ leased: 1, idle: 1, hits: 2, creations: 2 });
  controller.abort('enough');
  expect(await hanging).toBe('enough');
});

it.each<[string, object]>([
  ['throw', { message: 'The process failed at the request: TypeError: no', cause: expect.objectContaining({ name: 'TypeError', message: 'no' }) as unknown }],
  ['throw what has no text', { message: 'The process failed at the request: Error: something that has no text' }],
  ['answer what cannot be sent', { message: expect.stringContaining('circular') as string }],
])('the handler does this: %s; the request is rejected, and the process goes on', async (deed, error) => {
  const { supervisor, processes } = await start();
  const pid = await processes.request('a', { deed: 'pid' });
  expect(await rejection(processes.request('a', { deed, text: 'no' }))).toMatchObject({ code: 'ERR_SPILLWAY_REQUEST_FAILED', ...error });
  expect([await processes.request('a', { deed: 'pid' }), idle(supervisor)]).toEqual([pid, [true]]);
});

it('a body that cannot be sent is refused, and the process goes on', async () => {
  const { processes } = await start();
  const pid = await processes.request('a', { deed: 'pid' });
  const circle: Record<string, unknown> = {};
  circle['self'] = circle;
  expect(await rejection(processes.request('a', circle))).toMatchObject({ code: 'ERR_SPILLWAY_REQUEST_FAILED', cause: expect.objectContaining({ name: 'TypeError' }) as unknown });
  expect(await processes.request('a', { deed: 'pid' })).toBe(pid);
  expect(await processes.request('a', { deed: 'nothing' })).toBeUndefined();
});

it('what a process sends besides is nobody\'s', async () => {
  const { processes } = await start();
  for (const text of ['one', 'two']) expect(await processes.request('a', { deed: 'send garbage', text })).toBe(text);
  expect(await processes.request('a', { deed: 'echo', text: 'three' })).toBe('three');
});

describe('a process that ends in flight: that request is rejected with why, and the slot is free', () => {
  it.each<[string, object]>([['exit', { cause: 'exit', code: 3 }], ['disconnect', { signal: 'SIGKILL' }]])('%s', async (deed, exit) => {
    const { processes } = await start({ capacity: 1 });
    const pid = await processes.request('a', { deed: 'pid' });
    const [ended, next] = [rejection(processes.request('a', { deed })), processes.request('a', { deed: 'pid' })];
    expect(await ended).toMatchObject({ code: 'ERR_SPILLWAY_PROCESS_ENDED', cause: exit });
    expect(await next).not.toBe(pid);
  });

  it('killed by somebody', async () => {
    const { supervisor, processes } = await start({ capacity: 1 });
    const pid = Number(await processes.request('a', { deed: 'pid' }));
    const ended = rejection(processes.request('a', { deed: 'hang' }));
    await until('it to be at work', () => idle(supervisor).includes(false));
    process.kill(pid, 'SIGKILL');
    expect(await ended).toMatchObject({ code: 'ERR_SPILLWAY_PROCESS_ENDED', message: expect.stringContaining(`The process ${pid} ended (cause 'signal')`) as string });
    expect(runs(Number(await processes.request('b', { deed: 'pid' })))).toBe(true);
  });
});

it('killed while it is idle: it is not lent again', async () => {
  const { processes } = await start();
  const pid = Number(await processes.request('a', { deed: 'pid' }));
  process.kill(pid, 'SIGKILL');
  await until('the pool to hear of it', () => processes.stats.ended.lost === 1);
  expect(await processes.request('a', { deed: 'pid' })).not.toBe(pid);
  expect(processes.stats).toMatchObject({ idle: 1, leased: 0 });
});

it('the wait ends in flight: the process is killed', async () => {
  const { supervisor, processes } = await start({ capacity: 1 });
  const pid = Number(await processes.request('a', { deed: 'pid' }));
  const controller = new AbortController();
  const hanging = rejection(processes.request('a', { deed: 'hang' }, { signal: controller.signal }));
  await until('it to be at work', () => idle(supervisor).includes(false));
  controller.abort('enough');
  expect(await hanging).toBe('enough');
  expect(await processes.request('a', { deed: 'pid' })).not.toBe(pid);
  expect([runs(pid), processes.stats.ended.discarded]).toEqual([false, 1]);
});

it('a module that ends before it is ready: the request is rejected, and nothing is left', async () => {
  const { supervisor, processes } = await start({ args: ['./no-such-module'], forkOptions: { stdio: ['ignore', 'ignore', 'ignore', 'ipc'] } });
  expect(await rejection(processes.request('a', {}))).toMatchObject({ code: 'ERR_SPILLWAY_HOOK_FAILED', cause: { code: 'ERR_SPILLWAY_PROCESS_ENDED', cause: { code: 1 } } });
  expect([processes.stats, supervisor.status().workers]).toEqual([expect.objectContaining(nothing), []]);
});

it('as a reclaimer it gives idle processes back, and counts them once they are gone', async () => {
  const { supervisor, processes } = await start();
  const added = supervisor.addReclaimer(processes);
  const pids = [Number(await processes.request('a', { deed: 'pid' })), Number(await processes.request('b', { deed: 'pid' }))];
  const { idleBytes } = processes.stats;
  expect(idleBytes).toBeGreaterThan(0);
  expect(await processes.reclaim(Number.MAX_SAFE_INTEGER, new AbortController().signal)).toBe(idleBytes);
  expect([pids.map(runs), supervisor.status().workers]).toEqual([[false, false], []]);
  added[Symbol.dispose]();
});

it('close(): what is under way is answered, and then its process ends', async () => {
  const { supervisor, processes } = await start();
  await processes.request('a', { deed: 'pid' });
  const last = processes.request('a', { deed: 'echo', text: 'bye' });
  await until('it to be at work', () => processes.stats.leased === 1);
  const closing = processes.close();
  expect(await rejection(processes.request('a', {}))).toMatchObject({ code: 'ERR_SPILLWAY_STOPPED' });
  expect(await last).toBe('bye');
  await closing;
  await processes.close();
  expect(supervisor.status().workers).toEqual([]);
});

it.each<[object, string]>([[{ supervisor: {} }, "'supervisor'"], [{ modulePath: 5 }, "'modulePath'"], [{ capacity: 0 }, "'capacity'"], [{ crate: 1 }, 'crate'], [{ create: 1 }, 'create']])(
  '%p is refused', async (options, message) => {
    const supervisor = await supervising.create();
    expect(errorOf(() => new WarmProcesses({ supervisor, modulePath: 'x', capacity: 1, ...options }))).toMatchObject({
      code: 'ERR_SPILLWAY_INVALID_OPTION', message: expect.stringContaining(message) as string,
    });
  });
