import { spawn, type ChildProcess } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { native } from '../../lib/native';
import { MainProcess } from '../../lib/supervisor/main-process';
import { runs, useStrays } from '../support/containment';
import { openFiles } from '../support/process-resources';

const strays = useStrays();
const held: MainProcess[] = [];
afterEach(() => {
  for (const main of held.splice(0)) main.release();
  expect(openFiles().filter((name) => name.includes('pidfd'))).toEqual([]);
  jest.restoreAllMocks();
});

function pidfdOf({ pid = 0 }: ChildProcess): number {
  const pidfd = native().openPidfd(pid);
  if (typeof pidfd !== 'number') throw new Error('no pidfd');
  return pidfd;
}
function keep(main: MainProcess): MainProcess {
  held.push(main);
  return main;
}

it('a child: tells its code or signal, also when it had ended before', async () => {
  const child = strays.start('sh', ['-c', 'exit 3']);
  expect(await keep(MainProcess.ofChild(child, pidfdOf(child))).ended).toEqual({ code: 3, signal: null });
  expect(await MainProcess.ofChild(child, undefined).ended).toEqual({ code: 3, signal: null });
});

it.each([['by its pidfd', pidfdOf], ['without one', () => undefined]])('signals a child %s, and after its end nobody', async (_what, pidfd) => {
  const child = strays.start('sleep', ['600']);
  const main = keep(MainProcess.ofChild(child, pidfd(child)));
  main.signal('SIGTERM');
  expect(await main.ended).toEqual({ code: null, signal: 'SIGTERM' });
  main.signal('SIGKILL');
  main.release();
  main.signal('SIGKILL');
  main.release();
});

it('hears of the end although another listener throws', async () => {
  const child = Object.assign(new EventEmitter(), { pid: 7, exitCode: null, signalCode: null, stderr: null });
  child.on('exit', () => { throw new Error('of the user'); });
  const main = MainProcess.ofChild(child as unknown as ChildProcess, undefined);
  expect(() => child.emit('exit', 0, null)).toThrow('of the user');
  expect(await main.ended).toEqual({ code: 0, signal: null });
});

it('a stranger: tells only that it has ended', async () => {
  const child = strays.start('sleep', ['600']);
  const main = keep(MainProcess.ofStranger(child.pid ?? 0, pidfdOf(child)));
  expect([main.child, await main.saidHeapIsFull()]).toEqual([undefined, false]);
  main.signal('SIGKILL');
  expect(await main.ended).toEqual({ code: null, signal: null });
});

it('let go of, it is neither watched nor held, and lives', async () => {
  const child = strays.start('sleep', ['600']);
  const main = MainProcess.ofStranger(child.pid ?? 0, pidfdOf(child));
  main.release();
  main.signal('SIGKILL');
  expect(runs(child.pid ?? 0)).toBe(true);
  child.kill('SIGKILL');
  await once(child, 'exit');
});

it('keeps no descriptor when it cannot watch', () => {
  const child = strays.start('sleep', ['600']);
  const pidfd = pidfdOf(child);
  jest.spyOn(native(), 'watchProcess').mockReturnValue({ errno: 24, syscall: 'dup', file: '' });
  expect(() => MainProcess.ofStranger(child.pid ?? 0, pidfd)).toThrow(expect.objectContaining({ code: 'ERR_SPILLWAY_SYSTEM_LIMIT', message: expect.stringContaining('EMFILE') as string }) as Error);
});

it('tells an AbortSignal from other errors, and swallows both', async () => {
  const abort = new AbortController();
  const child = spawn('sleep', ['600'], { stdio: 'ignore', signal: abort.signal });
  const main = keep(MainProcess.ofChild(child, pidfdOf(child)));
  child.emit('error', new Error('of a message that could not be sent'));
  expect(main.aborted).toBe(false);
  abort.abort();
  await main.ended;
  expect(main.aborted).toBe(true);
});
