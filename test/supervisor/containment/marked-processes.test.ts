import { once } from 'node:events';
import type { ChildProcess } from 'node:child_process';
import { native } from '../../../lib/native';
import { readProcess } from '../../../lib/process/process-entry';
import { markerName } from '../../../lib/process/worker-marker';
import { findMarked, killMarked } from '../../../lib/supervisor/containment/marked-processes';
import { lines, runs, until, useStrays } from '../../support/containment';
import { runApart } from '../../support/fixture-pool';
import { untilMarked } from '../../support/until-marked';

const strays = useStrays();
afterEach(() => {
  jest.restoreAllMocks();
});
const pool = `unit-${process.pid}`;
const mark = (id: string, of = pool, file = 'sleep', args = ['600']): ChildProcess =>
  untilMarked(strays.start(file, args, { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, [markerName]: `${of}/run/${id}` } }));
const found = () => findMarked(pool).map(({ marker, processes }) => [marker.id, processes.map(({ pid }) => pid)]);

it('finds the processes of one pool, by worker', () => {
  const { pid } = mark('a');
  mark('a', `${pool}x`);
  mark('a', pool.slice(0, -1));
  const other = mark('b').pid;
  expect(found().sort()).toEqual([['a', [pid]], ['b', [other]]]);
});

it('children have the mark of their parents, also when those are gone; the oldest is first', async () => {
  const main = mark('a', pool, 'sh', ['-c', 'sleep 0.05; sh -c "sleep 600 & echo \\$!"; sleep 600 & echo $!; wait']);
  const [orphan = 0, child = 0] = (await lines(main.stdout, 2)).map(Number);
  expect(readProcess(orphan)?.parentPid).not.toBe(main.pid);
  // A process that is about to execute its program shows no environment for a moment.
  await until('all to be seen', () => findMarked(pool)[0]?.processes.length === 3);
  const [[id, pids] = []] = found() as [string, number[]][];
  expect([id, pids?.[0], new Set(pids)]).toEqual(['a', main.pid, new Set([main.pid, orphan, child])]);
  await killMarked(pool);
  expect([main.pid ?? 0, orphan, child].filter(runs)).toEqual([]);
});

it('what has ended is not among them, though nobody has reaped it', async () => {
  const script = 'import os,sys; p=os.fork(); os._exit(0) if p==0 else print(p, flush=True); sys.stdin.read()';
  const parent = strays.start('python3', ['-c', script], { stdio: ['pipe', 'pipe', 'inherit'], env: { ...process.env, [markerName]: `${pool}/run/a` } });
  const [zombie = 0] = (await lines(parent.stdout, 1)).map(Number);
  await until('its end', () => readProcess(zombie)?.state === 'Z');
  expect(found()).toEqual([['a', [parent.pid]]]);
});

it('never this process, nor one that it came from', async () => {
  const printed = await runApart(`
    const { execFileSync } = require('child_process');
    const env = { ...process.env, SPILLWAY_WORKER: ${JSON.stringify(`${pool}/run/a`)} };
    if (process.env.SPILLWAY_WORKER === undefined) return console.log(execFileSync('sh', ['-c', '"$0" "$@"; :', process.execPath, ...process.execArgv], { env, encoding: 'utf8' }));
    const { findMarked, killMarked } = lib('supervisor/containment/marked-processes');
    console.log(findMarked(${JSON.stringify(pool)}).length);
    await killMarked(${JSON.stringify(pool)});
    console.log('alive');`);
  expect(printed.trim()).toBe('0\nalive');
}, 20_000);

describe('killMarked()', () => {
  it('with nobody there does nothing', async () => {
    await killMarked(pool);
  });

  it('ends all of the pool, whatever they ignore, and nobody else', async () => {
    const stubborn = mark('a', pool, 'sh', ['-c', 'trap "" TERM HUP INT; echo ready; sleep 600; sleep 600']);
    await lines(stubborn.stdout, 1);
    const other = mark('a', `${pool}x`);
    await killMarked(pool);
    expect([runs(stubborn.pid ?? 0), runs(other.pid ?? 0)]).toEqual([false, true]);
    expect(found()).toEqual([]);
  });

  it('says whom it may not kill', async () => {
    const { pid } = mark('a');
    jest.spyOn(native(), 'signalPidfd').mockReturnValue({ errno: 1, syscall: 'pidfd_send_signal', file: '' });
    await expect(killMarked(pool)).rejects.toMatchObject({ code: 'ERR_SPILLWAY_STUCK', message: expect.stringContaining(`(${String(pid)})`) as string });
  });

  it('gives up on what does not die', async () => {
    const child = mark('a');
    const exited = once(child, 'exit');
    jest.spyOn(native(), 'signalPidfd').mockReturnValue(undefined);
    let nowMs = 0;
    jest.spyOn(performance, 'now').mockImplementation(() => (nowMs += 20_000));
    await expect(killMarked(pool)).rejects.toMatchObject({ code: 'ERR_SPILLWAY_STUCK' });
    child.kill('SIGKILL');
    await exited;
  });
});
