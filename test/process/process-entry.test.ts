import fc from 'fast-check';
import fs from 'node:fs';
import { isAlive, parseProcessStat, readProcess } from '../../lib/process/process-entry';
import { errorOf } from '../support/error-of';
import { entryOf, FixtureProc, statOf } from './support/fixture-proc';
import { Running, until } from './support/running';

describe('parseProcessStat', () => {
  const whole = statOf(entryOf(12));

  it('reads what a real kernel prints', () => {
    const line = '16708 (bash) S 1 16708 16708 0 -1 4194560 846 1010 0 1 0 1 1 2 20 0 1 0 98765 4534272 819 18446744073709551615 1 1 0 0 0 0 65536 4 65538 0 0 0 17 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n';
    expect(parseProcessStat(line)).toEqual({
      pid: 16708, parentPid: 1, startTime: 98765, state: 'S', sessionId: 16708, name: 'bash', threadCount: 1,
    });
  });

  it.each(['', ' ', 'a b', ')', '(', ') S 1 1 1', '(sd-pam)', 'a\nb', '((x) y', ' (', 'é\u2028\r', 'kworker/u8:2-events_unbound'])('takes the name %j as it is', (name) => {
    expect(parseProcessStat(statOf(entryOf(12, { name })))).toEqual(entryOf(12, { name }));
  });

  it.each([
    ['nothing', ''],
    ['no name', '12'],
    ['an open name', '12 (sh'],
    ['no state', '12 (sh)'],
    ['no pid', ' (sh)'.concat(whole.slice(whole.indexOf(')') + 1))],
    ['pid 0', whole.replace('12', '0')],
    ['a signed pid', whole.replace('12', '-12')],
    ['a pid in hexadecimals', whole.replace('12', '0x12')],
    ['a pid beyond 2^53', whole.replace('12', '9'.repeat(20))],
    ['a long state', whole.replace(' S ', ' SS ')],
    ['a state that is none', whole.replace(' S ', ' 1 ')],
    ['binary', '\0\u0001\ufffd (\0) \0'],
    ['NUL in a figure', whole.replace(' S 1 ', ' S 1\0 ')],
    ['no session: it was reaped meanwhile', whole.replace('S 1 12 1 ', 'S 0 -1 -1 ')],
  ])('%s is no process', (_what, text) => {
    expect(parseProcessStat(text)).toBeUndefined();
  });

  it('never takes a part of the start time for the whole', () => {
    const entry = entryOf(12, { startTime: 123456, name: ') R 1' });
    const text = statOf(entry);
    for (let length = 0; length <= text.length; length += 1) {
      expect([undefined, 123456]).toContain(parseProcessStat(text.slice(0, length))?.startTime);
    }
  });

  it('reads back every process', () => {
    const count = fc.maxSafeNat();
    const entry = fc.record({
      pid: fc.integer({ min: 1, max: 2 ** 22 }), parentPid: fc.nat(2 ** 22), startTime: count, sessionId: fc.nat(2 ** 22), threadCount: count,
      state: fc.constantFrom('R', 'S', 'D', 'T', 't', 'Z', 'X', 'I'), name: fc.string({ unit: 'binary', maxLength: 64 }),
    });
    fc.assert(fc.property(entry, (each) => {
      expect(parseProcessStat(statOf(each))).toEqual(each);
    }));
  });

  it('never throws, whatever stands there', () => {
    const bytes = fc.uint8Array({ maxLength: 300 }).map((each) => Buffer.from(each).toString('utf8'));
    const nearly = fc.array(fc.constantFrom('12', ' ', '(', ')', 'S', '\n', '-1', '\0', '99999999999999999999999'), { maxLength: 90 }).map((parts) => parts.join(''));
    fc.assert(fc.property(fc.oneof(bytes, nearly, fc.string({ unit: 'binary' })), (text) => {
      const entry = parseProcessStat(text);
      for (const figure of [entry?.pid, entry?.parentPid, entry?.startTime, entry?.sessionId]) {
        expect(figure === undefined || (Number.isSafeInteger(figure) && figure >= 0)).toBe(true);
      }
    }));
  });
});

describe('isAlive', () => {
  it.each([
    ['R', 1, true], ['S', 1, true], ['D', 1, true], ['T', 1, true], ['t', 1, true], ['I', 1, true],
    ['Z', 1, false], ['Z', 2, true], ['X', 1, false], ['x', 1, false], ['X', 2, false],
  ])('in state %s with %s threads: %s', (state, threadCount, alive) => {
    expect(isAlive(entryOf(2, { state, threadCount }))).toBe(alive);
  });

  it('takes a zombie of which the threads are not known for dead', () => {
    expect(isAlive({ pid: 2, parentPid: 1, startTime: 2, state: 'Z', sessionId: 1, name: '' })).toBe(false);
  });
});

describe('readProcess', () => {
  const proc = new FixtureProc();
  afterAll(() => {
    proc.remove();
  });
  afterEach(() => {
    jest.restoreAllMocks();
  });

  it('reads one of another root', () => {
    proc.process(entryOf(7));
    expect(readProcess(7, proc.root)).toEqual(entryOf(7));
  });

  it('finds none where there is none', () => {
    expect(readProcess(8, proc.root)).toBeUndefined();
    expect(readProcess(NaN)).toBeUndefined();
  });

  it("does not take another process's file for it", () => {
    expect(readProcess(9, proc.write('9/stat', statOf(entryOf(10))).root)).toBeUndefined();
  });

  it.each(['ENOENT', 'ESRCH', 'EACCES', 'EPERM'])('%s means that it is not to be seen', (code) => {
    jest.spyOn(fs, 'readFileSync').mockImplementation(() => {
      throw Object.assign(new Error(code), { code });
    });
    expect(readProcess(7)).toBeUndefined();
  });

  it.each(['EMFILE', 'ENFILE', 'ENOMEM', 'EIO', undefined])('%s is thrown as it is', (code) => {
    const error = Object.assign(new Error('x'), { code });
    jest.spyOn(fs, 'readFileSync').mockImplementation(() => {
      throw error;
    });
    expect(errorOf(() => readProcess(7))).toBe(error);
  });
});

describe('of real processes, readProcess', () => {
  let running: Running | undefined;
  afterEach(() => {
    running?.release();
  });

  it('tells of this one, and the same start time each time', () => {
    const own = readProcess(process.pid);
    expect(own).toMatchObject({ pid: process.pid, parentPid: process.ppid });
    expect(readProcess(process.pid)?.startTime).toBe(own?.startTime);
    expect(own?.startTime).toBeGreaterThanOrEqual(readProcess(process.ppid)?.startTime ?? NaN);
  });

  it('is not misled by a name that a process gave itself', async () => {
    running = Running.python(`open('/proc/self/comm', 'wb').write(b') R 1 1 (\\n) Z')\ntell(os.getsid(0))\nhold()`);
    const sessionId = await running.told();
    expect(readProcess(running.pid)).toMatchObject({ pid: running.pid, parentPid: process.pid, sessionId, name: ') R 1 1 (\n) Z' });
  });

  it('keeps the start time through exec', async () => {
    running = Running.python(`tell(1)\nos.read(3, 1)\nos.set_inheritable(3, True)\nos.execvp('sh', ['sh', '-c', 'echo 2; read x <&3'])`);
    await running.told();
    const before = readProcess(running.pid);
    running.wake();
    await running.told();
    expect(before?.name).toMatch(/^python/);
    expect(readProcess(running.pid)).toMatchObject({ name: 'sh', startTime: before?.startTime });
  });

  it('tells a zombie from a process whose first thread alone has ended', async () => {
    running = Running.python(`
import ctypes, threading
ended = os.fork()
if ended == 0: os._exit(0)
threadless = os.fork()
if threadless == 0:
  threading.Thread(target=hold).start()
  ctypes.CDLL(None).syscall(60 if os.uname().machine == 'x86_64' else 93, 0)
tell([ended, threadless])
hold()`);
    const pids = await running.numbers();
    const entries = (): (ReturnType<typeof readProcess>)[] => pids.map((pid) => readProcess(pid));
    await until('both to be in state Z', () => entries().every((entry) => entry?.state === 'Z'));
    expect(entries().map((entry) => entry && isAlive(entry))).toEqual([false, true]);
  });

  it('finds none once it was reaped', async () => {
    running = Running.python('tell(1)\nhold()');
    await running.told();
    const before = readProcess(running.pid);
    await running.kill();
    expect(before).toBeDefined();
    expect(readProcess(running.pid)?.startTime).not.toBe(before?.startTime);
  });
});
