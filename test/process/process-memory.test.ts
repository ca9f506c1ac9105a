import { native } from '../../lib/native';
import { readProcessesMemory, readProcessesMemoryExact, readProcessesSize, type ProcessMemory } from '../../lib/process/process-memory';
import { readProcess } from '../../lib/process/process-entry';
import { errorOf } from '../support/error-of';
import { MiB } from '../support/fixture-cgroup';
import { FixtureProc } from './support/fixture-proc';
import { Running, until } from './support/running';

const status = 'Name:\tcat\nState:\tR (running)\nVmRSS:\t    1664 kB\nRssAnon:\t     116 kB\nRssFile:\t    1548 kB\nRssShmem:\t       4 kB\nVmSwap:\t       8 kB\nThreads:\t1\n';
const rollup = '55b4b21bb000-7ffc2c83f000 ---p 00000000 00:00 0                          [rollup]\nRss:                1732 kB\nPss:                 427 kB\n'
  + 'Pss_Anon:            116 kB\nPss_File:            311 kB\nPss_Shmem:             4 kB\nAnonymous:           116 kB\nSwap:                 16 kB\nSwapPss:               8 kB\n';
const memory = { anonBytes: 116 * 1024, shmemBytes: 4096, swapBytes: 8192 };
/** Of one process. */
const one = (read: typeof readProcessesMemory) => (pid: number, procRoot?: string): ProcessMemory | undefined => read([pid], procRoot === undefined ? {} : { procRoot })[0];
const readProcessMemory = one(readProcessesMemory);
const readProcessMemoryExact = one(readProcessesMemoryExact);

let proc: FixtureProc;
beforeEach(() => {
  proc = new FixtureProc();
});
afterEach(() => {
  jest.restoreAllMocks();
  proc.remove();
});

describe.each([
  ['readProcessesMemory', readProcessesMemory, 'status', status],
  ['readProcessesMemoryExact', readProcessesMemoryExact, 'smaps_rollup', rollup],
])('%s', (_name, readAll, file, text) => {
  const read = one(readAll);

  it('reads what a real kernel prints', () => {
    expect(read(4, proc.write(`4/${file}`, text).root)).toEqual(memory);
  });

  it('reads many, each in its place, those that are gone too', () => {
    for (const pid of [3, 5, 7]) proc.write(`${pid}/${file}`, text.replace('116', String(pid)));
    const found = readAll([7, 4, 3, 6, 5, 7], { procRoot: proc.root }).map((each) => each && each.anonBytes / 1024);
    expect(found).toEqual([7, undefined, 3, undefined, 5, 7]);
    expect(readAll([], { procRoot: proc.root })).toEqual([]);
  });

  it('knows nothing where there is nothing', () => {
    expect(read(4, proc.root)).toBeUndefined();
    expect(read(4, proc.write('4/status', 'Name:\tkthreadd\nState:\tS (sleeping)\nThreads:\t1\n').root)).toBeUndefined();
    expect(read(4, proc.write('4/status', 'Name:\tx\nState:\tZ (zombie)\nThreads:\t1\n').write(`4/task/5/${file}`, text).root)).toBeUndefined();
    expect(read(4, proc.write('4/smaps_rollup', rollup.replaceAll('Pss_', 'Pss-')).root)).toBeUndefined(); // before Linux 5.4
    expect(read(4, `${proc.root}/missing`)).toBeUndefined();
  });

  it('asks the other threads once the first has ended, and only those that tell', () => {
    proc.write('4/status', 'Name:\tx\nState:\tZ (zombie)\nThreads:\t4\n').write(`4/task/4/${file}`, text.replace('116', '1'));
    expect(read(4, proc.root)).toBeUndefined();
    proc.makeDirectory('4/task/5').write(`4/task/6/${file}`, 'Name:\tx\n').write(`4/task/7/${file}`, text);
    expect(read(4, proc.root)).toEqual(memory);
  });

  it.each([
    ['no swap line', /Swap(Pss)?:/, 'Swop:'],
    ['no shared memory line', /(Rss|Pss_)Shmem:/, 'Shmen:'],
    ['no anonymous line', /(Rss|Pss_)Anon:/, 'Anom:'],
    ['another unit', '116 kB', '116 MB'],
    ['no figure', '116 ', ' '],
  ])('%s is unknown, not 0', (_what, what, by) => {
    expect(read(4, proc.write(`4/${file}`, text.replace('Swap:                 16 kB\n', '').replace(what, by)).root)).toBeUndefined();
  });

  it('saturates', () => {
    for (const figure of [String(2 ** 53), '18446744073709551615']) {
      expect(read(4, proc.write(`4/${file}`, text.replace('116', figure)).root)).toEqual({ ...memory, anonBytes: Number.MAX_SAFE_INTEGER });
    }
  });

  it.each([
    [24, 'ERR_SPILLWAY_SYSTEM_LIMIT', 'EMFILE'],
    [5, 'ERR_SPILLWAY_SYSTEM', 'EIO'],
  ])('throws where errno %i says nothing of the processes', (errno, code, name) => {
    jest.spyOn(native(), 'readProcessesMemory').mockReturnValue({ errno, syscall: 'open', file });
    expect(errorOf(() => read(4))).toMatchObject({ code, message: expect.stringContaining(name) as string, cause: { code: name, syscall: 'open' } });
  });
});

describe('readProcessesSize', () => {
  it('by statm is the resident size in pages', () => {
    const page = 4096;
    proc.write('4/statm', '765 442 414 5 0 123 0\n').write('5/statm', '0 0 0 0 0 0 0\n').write('5/status', 'Name:\tx\n');
    const [found, ...none] = readProcessesSize([4, 5, 6], { procRoot: proc.root });
    expect((found?.rssBytes ?? NaN) % (442 * page)).toBe(0);
    expect(none).toEqual([{}, {}]);
  });

  it('by smaps_rollup is all three; unique are all private pages', () => {
    const sizes = { rssBytes: 1732 * 1024, pssBytes: 427 * 1024, ussBytes: (40 + 116) * 1024 };
    proc.write('4/smaps_rollup', `${rollup}Private_Clean:        40 kB\nPrivate_Dirty:       116 kB\n`);
    expect(readProcessesSize([4, 5], { procRoot: proc.root, exact: true })).toEqual([sizes, {}]);
  });

  it('of this process is more than nothing, and unique <= proportional <= resident', () => {
    const [{ rssBytes = NaN, pssBytes = NaN, ussBytes = NaN } = {}] = readProcessesSize([process.pid], { exact: true });
    expect(ussBytes).toBeGreaterThan(0);
    expect(pssBytes).toBeGreaterThanOrEqual(ussBytes);
    expect(rssBytes).toBeGreaterThanOrEqual(pssBytes);
    expect(readProcessesSize([process.pid])[0]?.rssBytes).toBeGreaterThan(0);
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
    const { rssBytes = NaN, ussBytes = NaN } = readProcessesSize([running.pid], { exact: true })[0] ?? {};
    expect(Math.min(rssBytes, ussBytes) + (readProcessMemoryExact(running.pid)?.swapBytes ?? NaN)).toBeGreaterThanOrEqual(63 * MiB);
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
    expect(readProcessesSize(threads)).toEqual(threads.map(() => ({})));
  });
});
