import fc from 'fast-check';
import fs from 'node:fs';
import { parseMemory, readProcessMemory, readProcessMemoryExact, type ProcessMemory } from '../../lib/process/process-memory';
import { readProcess } from '../../lib/process/process-entry';
import { errorOf } from '../support/error-of';
import { MiB } from '../support/fixture-cgroup';
import { FixtureProc } from './support/fixture-proc';
import { Running, until } from './support/running';

const status = 'Name:\tcat\nState:\tR (running)\nVmRSS:\t    1664 kB\nRssAnon:\t     116 kB\nRssFile:\t    1548 kB\nRssShmem:\t       4 kB\nVmSwap:\t       8 kB\nThreads:\t1\n';
const rollup = '55b4b21bb000-7ffc2c83f000 ---p 00000000 00:00 0                          [rollup]\nRss:                1732 kB\nPss:                 427 kB\n'
  + 'Pss_Anon:            116 kB\nPss_File:            311 kB\nPss_Shmem:             4 kB\nAnonymous:           116 kB\nSwap:                 16 kB\nSwapPss:               8 kB\n';
const memory = { anonBytes: 116 * 1024, shmemBytes: 4096, swapBytes: 8192 };
const keys = ['RssAnon', 'RssShmem', 'VmSwap'] as const;

describe('parseMemory', () => {
  it.each([
    ['no swap line', status.replace('VmSwap', 'VmSwop')],
    ['no shared memory line', status.replace('RssShmem', 'RssShmen')],
    ['no anonymous line', status.replace('RssAnon', 'RssAnom')],
    ['a line that ends early', status.slice(0, status.indexOf(' kB\nThreads'))],
    ['a line without its end', status.slice(0, status.indexOf('\nThreads'))],
    ['another unit', status.replace('116 kB', '116 MB')],
    ['a sign', status.replace(' 116', '-116')],
    ['a fraction', status.replace('116', '11.6')],
    ['no figure', status.replace('116 ', ' ')],
    ['a figure on the next line', status.replace('RssAnon:', 'RssAnon:\n')],
    ['nothing', ''],
  ])('%s is unknown, not 0', (_what, text) => {
    expect(parseMemory(text, keys)).toBeUndefined();
  });

  it('saturates', () => {
    for (const figure of [String(2 ** 53), '18446744073709551615', '9'.repeat(400)]) {
      expect(parseMemory(status.replace('116', figure), keys)).toEqual({ ...memory, anonBytes: Number.MAX_SAFE_INTEGER });
    }
  });

  it.each(['\r', '\u2028', '\v', '\\n', ' '])('does not begin a line at %j, which may stand in a name', (character) => {
    expect(parseMemory(status.replace('cat', `${character}RssAnon: 9 kB`), keys)).toEqual(memory);
  });

  it('never throws, and never reads what is not a size', () => {
    const line = fc.tuple(fc.constantFrom(...keys, 'Pss_Anon'), fc.constantFrom(':', ':\t', ': -', ''), fc.bigInt({ min: 0n, max: 10n ** 30n }), fc.constantFrom(' kB\n', ' kB', '\n', '\0'))
      .map((parts) => `\n${parts.join('')}`);
    const bytes = fc.uint8Array({ maxLength: 200 }).map((each) => Buffer.from(each).toString('utf8'));
    fc.assert(
      fc.property(fc.array(fc.oneof(line, bytes), { maxLength: 8 }), (parts) => {
        for (const value of Object.values(parseMemory(parts.join(''), keys) ?? {})) {
          expect(Number.isSafeInteger(value) && value >= 0).toBe(true);
        }
      }),
    );
  });
});

describe.each([
  ['readProcessMemory', readProcessMemory, 'status', status],
  ['readProcessMemoryExact', readProcessMemoryExact, 'smaps_rollup', rollup],
])('%s', (_name, read, file, text) => {
  let proc: FixtureProc;
  beforeEach(() => {
    proc = new FixtureProc();
  });
  afterEach(() => {
    jest.restoreAllMocks();
    proc.remove();
  });

  it('reads what a real kernel prints', () => {
    expect(read(4, proc.write(`4/${file}`, text).root)).toEqual(memory);
  });

  it('knows nothing where there is nothing', () => {
    expect(read(4, proc.root)).toBeUndefined();
    expect(read(4, proc.write('4/status', 'Name:\tkthreadd\nState:\tS (sleeping)\nThreads:\t1\n').root)).toBeUndefined();
    expect(read(4, proc.write('4/status', 'Name:\tx\nState:\tZ (zombie)\nThreads:\t1\n').write(`4/task/5/${file}`, text).root)).toBeUndefined();
    expect(read(4, proc.write('4/smaps_rollup', rollup.replaceAll('Pss_', 'Pss-')).root)).toBeUndefined(); // before Linux 5.4
  });

  it("asks the other threads once the first has ended, and only those that tell", () => {
    proc.write('4/status', 'Name:\tx\nState:\tZ (zombie)\nThreads:\t4\n').write(`4/task/4/${file}`, text.replace('116', '1'));
    expect(read(4, proc.root)).toBeUndefined();
    proc.makeDirectory('4/task/5').write(`4/task/6/${file}`, 'Name:\tx\n').write(`4/task/7/${file}`, text);
    expect(read(4, proc.root)).toEqual(memory);
  });

  it.each(['EACCES', 'EPERM', 'ESRCH'])('knows nothing after %s', (code) => {
    jest.spyOn(fs, 'readFileSync').mockImplementation(() => {
      throw Object.assign(new Error(code), { code });
    });
    expect(read(process.pid)).toBeUndefined();
  });

  it.each(['readFileSync', 'readdirSync'] as const)('throws EMFILE of %s as it is', (call) => {
    proc.write('4/status', 'Name:\tx\nState:\tZ (zombie)\nThreads:\t2\n');
    const error = Object.assign(new Error('EMFILE'), { code: 'EMFILE' });
    jest.spyOn(fs, call).mockImplementation(() => {
      throw error;
    });
    expect(errorOf(() => read(4, proc.root))).toBe(error);
  });
});

describe('the memory of real processes', () => {
  let running: Running | undefined;
  afterEach(() => {
    running?.release();
  });

  /** With what was swapped out, so that a machine that swaps tells the same. */
  const total = (each: ProcessMemory | undefined): number => (each === undefined ? NaN : each.anonBytes + each.shmemBytes + each.swapBytes);
  const sum = (of: (pid: number) => number, pids: number[]): number => pids.reduce((bytes, pid) => bytes + of(pid), 0);
  const bound = (pid: number): number => total(readProcessMemory(pid));
  const exact = (pid: number): number => total(readProcessMemoryExact(pid));

  it('is 64 MiB and what the interpreter needs', async () => {
    running = Running.python(`held = b'x' * (64 << 20)\ntell(1)\nhold()`);
    await running.told();
    for (const read of [readProcessMemory, readProcessMemoryExact]) {
      const held = read(running.pid);
      expect((held?.anonBytes ?? NaN) + (held?.swapBytes ?? NaN)).toBeGreaterThanOrEqual(63 * MiB);
      expect(total(held)).toBeLessThan(128 * MiB);
    }
  });

  it.each([
    ['since fork', `held = b'x' * (64 << 20)`, ''],
    ['on purpose', `import mmap\nheld = mmap.mmap(-1, 64 << 20)\nheld.write(b'x' * (64 << 20))`, 'sum(held[::4096])'],
  ])('that is shared %s counts twice in the bound, once in the exact sum', async (_how, get, touch) => {
    running = Running.python(`${get}\npid = os.fork()\n${touch}\ntell([os.getpid(), pid] if pid else 'child')\nhold()`);
    const told = [await running.told(), await running.told()];
    const pids = told.find((each) => Array.isArray(each)) as number[];
    expect(pids).toHaveLength(2);
    expect(sum(bound, pids)).toBeGreaterThanOrEqual(126 * MiB);
    expect(sum(exact, pids)).toBeGreaterThanOrEqual(63 * MiB);
    expect(sum(exact, pids) / sum(bound, pids)).toBeGreaterThan(0.4);
    expect(sum(exact, pids) / sum(bound, pids)).toBeLessThan(0.7);
  });

  it('is not what a process writes into its name', async () => {
    running = Running.python(`open('/proc/self/comm', 'wb').write(b'\\rRssAnon: 9 kB')\ntell(1)\nhold()`);
    await running.told();
    expect(readProcess(running.pid)?.name).toBe('\rRssAnon: 9 kB');
    expect(readProcessMemory(running.pid)?.anonBytes).toBeGreaterThan(MiB);
  });

  it('is unknown of a zombie, but not of a process whose first thread alone has ended', async () => {
    running = Running.python(`
import ctypes, threading
ended = os.fork()
if ended == 0: os._exit(0)
threadless = os.fork()
if threadless == 0:
  held = b'x' * (32 << 20)
  threading.Thread(target=hold).start()
  ctypes.CDLL(None).syscall(60 if os.uname().machine == 'x86_64' else 93, 0)
tell([ended, threadless])
hold()`);
    const [ended = NaN, threadless = NaN] = await running.numbers();
    await until('both to be in state Z', () => [ended, threadless].every((pid) => readProcess(pid)?.state === 'Z'));
    for (const read of [readProcessMemory, readProcessMemoryExact]) {
      expect(read(ended)).toBeUndefined();
      expect(total(read(threadless))).toBeGreaterThan(16 * MiB);
    }
  });

  it('is unknown of a thread of the kernel', () => {
    const threads = readProcess(2)?.name === 'kthreadd' ? [2] : []; // pid namespaces have none
    expect(threads.flatMap((pid) => [readProcessMemory(pid), readProcessMemoryExact(pid)].filter((each) => each !== undefined))).toEqual([]);
  });
});
