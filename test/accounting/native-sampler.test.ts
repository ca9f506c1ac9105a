import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { MemoryLimiter, type MemoryLimiterOptions } from '../../lib/accounting/memory-limiter';
import { native, type NativeFailure } from '../../lib/native';
import { errorOf } from '../support/error-of';
import { FixtureCgroup } from '../support/fixture-cgroup';
import { mountOf } from '../support/mount-of';
import { blockForLooks, openFiles, reactorCount } from '../support/process-resources';

const limiters: MemoryLimiter[] = [];
let cgroup: FixtureCgroup;
let warnings: jest.SpyInstance<void, Parameters<typeof process.emitWarning>>;

beforeEach(() => {
  cgroup = new FixtureCgroup().max('max').high('max').usage({ current: 100 });
  warnings = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
});
afterEach(() => {
  for (const limiter of limiters.splice(0)) limiter.stop();
  jest.restoreAllMocks();
  cgroup.remove();
});

/** With so low a limit it is sampled every few milliseconds; the interval keeps it from going blind where its thread is starved. */
function limit(options: Partial<MemoryLimiterOptions> = {}): MemoryLimiter {
  const limiter = new MemoryLimiter({ limitBytes: 1000, intervalMs: 60_000, ...options });
  limiters.push(limiter);
  return limiter;
}

const ofCgroup = (options: Partial<MemoryLimiterOptions> = {}): MemoryLimiter => limit({ cgroup: cgroup.directory, ...options });

describe('this process', () => {
  it('Saluki 22: its resident set is read at once', () => {
    const before = process.memoryUsage.rss();
    const { state, usedBytes, sampledAtMs, delayMs } = limit({ limitBytes: '1TiB' }).status();
    expect({ state, delayMs }).toEqual({ state: 'ok', delayMs: 0 });
    expect(usedBytes).toBeGreaterThan(before / 2);
    expect(usedBytes).toBeLessThan(before * 2);
    expect(sampledAtMs).toBeLessThanOrEqual(performance.now());
  });

  it('costs one descriptor, and three for the thread, and leaves nothing', () => {
    const [before, reactors] = [openFiles(), reactorCount()];
    const limiter = limit();
    expect(openFiles().filter((name) => name.endsWith('/statm'))).toHaveLength(1);
    expect(openFiles()).toHaveLength(before.length + 4);
    expect(reactorCount(reactors + 1)).toBe(reactors + 1);
    limiter.stop();
    limiter.stop();
    expect(openFiles()).toEqual(before);
    expect(reactorCount(reactors)).toBe(reactors);
  });

  it('has always more than no memory: a limit of 0 slows, and ends', async () => {
    const wait = limit({ limitBytes: 0 }).waitForCapacity();
    expect(wait).toBeInstanceOf(Promise);
    await wait;
  });
});

describe('a cgroup', () => {
  it('is sampled while JavaScript is blocked', () => {
    const limiter = ofCgroup();
    expect(limiter.waitForCapacity()).toBeUndefined();
    cgroup.usage({ current: 975 });
    blockForLooks();
    expect(limiter.status()).toMatchObject({ state: 'ok', usedBytes: 975, delayMs: 13 });
    expect(limiter.waitForCapacity()).toBeInstanceOf(Promise);
    cgroup.usage({ current: 950 });
    blockForLooks();
    expect(limiter.waitForCapacity()).toBeUndefined();
  });

  it('without a limit is held against its own mark, and follows it', () => {
    cgroup.high(1000).usage({ current: 975 });
    const limiter = new MemoryLimiter({ cgroup: cgroup.directory, intervalMs: 10 });
    limiters.push(limiter);
    expect(limiter.status()).toMatchObject({ state: 'ok', limitBytes: 1000, delayMs: 13 });
    cgroup.max(980);
    blockForLooks();
    expect(limiter.status()).toMatchObject({ limitBytes: 980, delayMs: expect.closeTo(1 + (24 * 44) / 49, 5) as number });
    cgroup.high('max').max('max');
    blockForLooks();
    expect(limiter.status()).toMatchObject({ limitBytes: Infinity, usedBytes: 975, delayMs: 0 });
    expect(limiter.waitForCapacity()).toBeUndefined();
  });

  it('is not slowed by its page cache, only by what cannot be reclaimed', () => {
    cgroup.usage({ current: 2000, inactiveFile: 700, activeFile: 300, slabReclaimable: 100 });
    expect(ofCgroup().status()).toMatchObject({ usedBytes: 900, delayMs: 0 });
    cgroup.usage({ current: 2000, inactiveFile: 700, activeFile: 300 });
    expect(ofCgroup().status()).toMatchObject({ usedBytes: 1000, delayMs: 25 });
  });

  it('that is gone makes the limiter blind, and says so', async () => {
    const limiter = ofCgroup({ intervalMs: 10 });
    renameSync(cgroup.directory, `${cgroup.directory}-gone`);
    try {
      while (limiter.status().failure === undefined) await new Promise((resolve) => setTimeout(resolve, 5));
      expect(limiter.status().failure).toMatchObject({ code: 'ERR_SPILLWAY_CGROUP_NOT_FOUND', message: expect.stringContaining(cgroup.directory) as string });
      while (limiter.status().state === 'ok') await new Promise((resolve) => setTimeout(resolve, 20));
      expect(limiter.status()).toMatchObject({ state: 'blind', delayMs: 25, usedBytes: 100 });
      expect(limiter.waitForCapacity()).toBeInstanceOf(Promise);
      expect(warnings).toHaveBeenCalledTimes(1);
      expect(warnings.mock.calls[0]?.[0]).toContain('there is no such directory');
    } finally {
      renameSync(`${cgroup.directory}-gone`, cgroup.directory);
    }
  });

  it('whose figures cannot be read for a while fails, and recovers', async () => {
    const limiter = ofCgroup({ intervalMs: 10 });
    cgroup.write('memory.current', 'much\n');
    while (limiter.status().failure === undefined) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(limiter.status().failure).toMatchObject({ code: 'ERR_SPILLWAY_FILE_INVALID' });
    cgroup.usage({ current: 200 });
    while (limiter.status().failure !== undefined) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(limiter.status()).toMatchObject({ usedBytes: 200 });
  });
});

describe('what cannot be measured', () => {
  const before = openFiles();
  it.each<[string, (directory: string) => void, string]>([
    ['a directory that is missing', (directory) => { rmSync(directory, { recursive: true }); }, 'ERR_SPILLWAY_CGROUP_NOT_FOUND'],
    ['no cgroup at all', (directory) => { rmSync(directory, { recursive: true }); mkdirSync(directory); }, 'ERR_SPILLWAY_NOT_CGROUP2'],
    ['an unreadable figure', () => { cgroup.write('memory.current', 'max\n'); }, 'ERR_SPILLWAY_FILE_INVALID'],
    ['an empty figure', () => { cgroup.write('memory.current', ''); }, 'ERR_SPILLWAY_FILE_INVALID'],
  ])('%s: the limiter is refused, and nothing stays open', (_what, prepare, code) => {
    prepare(cgroup.directory);
    expect(errorOf(() => ofCgroup())).toMatchObject({ code });
    expect(openFiles()).toEqual(before);
    expect(reactorCount()).toBe(0);
  });

  it.each<[NativeFailure, string, string]>([
    [{ errno: 24, syscall: 'open', file: 'statm' }, 'ERR_SPILLWAY_SYSTEM_LIMIT', 'ulimit -n'],
    [{ errno: 2, syscall: 'open', file: 'statm' }, 'ERR_SPILLWAY_SYSTEM', 'is proc mounted?'],
    [{ errno: -1, syscall: 'pread', file: 'statm' }, 'ERR_SPILLWAY_SYSTEM', 'not in the kernel'],
  ])('this process, by %j', (failure, code, words) => {
    jest.spyOn(native(), 'watchUsage').mockReturnValue(failure);
    expect(errorOf(() => limit())).toMatchObject({ code, message: expect.stringContaining(words) as string });
  });

  const root = mountOf('cgroup2');
  // The root of a container's namespace is a cgroup like any other.
  (root !== undefined && !existsSync(join(root, 'cgroup.type')) && !existsSync(join(root, 'memory.current')) ? it : it.skip)('the root of the hierarchy', () => {
    expect(errorOf(() => limit({ cgroup: root ?? '' }))).toMatchObject({ code: 'ERR_SPILLWAY_INVALID_OPTION', message: expect.stringContaining('below the root') as string });
  });
});

describe('the thread that no longer publishes', () => {
  it('makes the limiter blind, until it goes on', () => {
    let board: Int32Array = new Int32Array();
    let tell: (failure?: NativeFailure) => void = () => undefined;
    jest.spyOn(native(), 'unwatch').mockImplementation(() => undefined);
    jest.spyOn(native(), 'watchUsage').mockImplementation((options, callback) => {
      [board, tell] = [options.board, callback];
      return 7;
    });
    const publish = (used: bigint, agoMs: number): void => {
      const figures = new BigInt64Array(board.buffer);
      figures[1] = used;
      figures[2] = process.hrtime.bigint() - BigInt(agoMs) * 1_000_000n;
    };
    const limiter = limit({ intervalMs: 1_000_000 });
    publish(100n, 4_100_000);
    expect(limiter.status()).toMatchObject({ state: 'blind', delayMs: 25 });
    expect(limiter.waitForCapacity()).toBeInstanceOf(Promise);
    expect(warnings.mock.calls[0]?.[0]).toBe('The memory limiter has had no sample for 1.1 h. Until there is one, each waitForCapacity() takes 25 ms.');

    tell({ errno: 9, syscall: 'epoll_wait', file: '' });
    expect(limiter.status().failure).toMatchObject({ code: 'ERR_SPILLWAY_SYSTEM' });

    publish(100n, 1);
    tell();
    expect(limiter.status()).toMatchObject({ state: 'ok', delayMs: 0 });
    expect(limiter.waitForCapacity()).toBeUndefined();
  });
});

it('many limiters share one thread', () => {
  const all = Array.from({ length: 20 }, () => ofCgroup());
  expect(reactorCount(1)).toBe(1);
  for (const limiter of all.slice(1)) limiter.stop();
  cgroup.usage({ current: 1000 });
  blockForLooks();
  expect(all.map((limiter) => limiter.status().delayMs)).toEqual([25, ...all.slice(1).map(() => 0)]);
});
