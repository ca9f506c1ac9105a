import { processSource, type TrackedProcess } from '../../lib/accounting/process-source';
import type { MemoryUsage } from '../../lib/monitor/types';
import { entryOf, FixtureProc } from '../process/support/fixture-proc';
import { errorOf } from '../support/error-of';

let proc: FixtureProc;
beforeEach(() => { proc = new FixtureProc(); });
afterEach(() => { proc.remove(); });

const entry = entryOf(4, { startTime: 100 });
const status = (kibibytes: number): string => `VmRSS:\t${kibibytes} kB\n`;

class FakeWorker {
  readonly pid = 4;
  used: MemoryUsage | undefined;
  end: () => void = () => undefined;
  readonly exited = new Promise<void>((resolve) => { this.end = resolve; });
  usage(): MemoryUsage | undefined {
    return this.used;
  }
}

describe('processSource', () => {
  const ended = jest.fn();
  beforeEach(() => { ended.mockClear(); });
  const sourceOf = (target: TrackedProcess): ReturnType<typeof processSource> => processSource(target, ended, proc.root);

  it('is not a part of this process', () => {
    expect(sourceOf(4).inProcess).toBe(false);
  });

  it.each<[string, MemoryUsage, unknown]>([
    ['in a cgroup: its leaf', { currentBytes: 70, anonBytes: 40, fileBytes: 0 }, { bytes: 70, source: 'cgroup', confidence: 'exact' }],
    ['without: its processes', { currentBytes: 70, anonBytes: 60, shmemBytes: 10, swapBytes: 0 }, { bytes: 70, source: 'processes', confidence: 'upper-bound' }],
    ['that nobody can tell of: its first process', {}, { bytes: 8192, source: 'rss', confidence: 'upper-bound' }],
  ])('a worker %s', async (_where, used, expected) => {
    proc.process(entry).write('4/status', status(8));
    const worker = new FakeWorker();
    worker.used = used;
    const source = sourceOf(worker);
    expect(source.figure).toMatchObject({ bytes: undefined, measuring: true });
    await source.refresh?.(0);
    expect(source.figure).toMatchObject({ ...(expected as object), measuring: true });
  });

  it('a worker whose figures cannot be read keeps the last one', async () => {
    const worker = new FakeWorker();
    worker.used = { currentBytes: 70, fileBytes: 0 };
    const source = sourceOf(worker);
    await source.refresh?.(0);
    worker.usage = () => { throw new Error('EMFILE'); };
    await source.refresh?.(0);
    expect(source.figure.bytes).toBe(70);
  });

  it.each([
    ['in a cgroup: cpu.stat of its leaf', { seconds: 2.5, source: 'cgroup' as const }, { seconds: 2.5, source: 'cgroup', confidence: 'exact' }],
    ['without: its processes', { seconds: 2.5, source: 'processes' as const }, { seconds: 2.5, source: 'processes', confidence: 'lower-bound' }],
    ['that nobody can tell of: its first process', undefined, { seconds: 0.03, source: 'process', confidence: 'lower-bound' }],
  ])('processor time of a worker %s', async (_where, cpu, expected) => {
    proc.process(entry);
    const source = sourceOf(Object.assign(new FakeWorker(), { cpu: () => cpu }));
    expect(source.cpu).toMatchObject({ seconds: undefined, measuring: true });
    await source.refresh?.(0);
    expect(source.cpu).toMatchObject({ ...expected, measuring: true });
  });

  it('processor time of a process, and not of another in its place', async () => {
    proc.process(entry);
    const source = sourceOf(4);
    await source.refresh?.(0);
    expect(source.cpu).toMatchObject({ seconds: 0.03, source: 'process', confidence: 'exact' });
    proc.process({ ...entry, startTime: 101 });
    await source.refresh?.(0);
    expect(source.cpu?.seconds).toBe(0.03);
  });

  it('a worker ends when it says so', async () => {
    const worker = new FakeWorker();
    const source = sourceOf(worker);
    await source.refresh?.(0); // no such process
    expect(ended).not.toHaveBeenCalled();
    worker.end();
    await worker.exited;
    expect(ended).toHaveBeenCalledTimes(1);
  });

  it.each<[string, () => void]>([
    ['is gone', () => { proc.remove(); }],
    ['is a zombie', () => { proc.process({ ...entry, state: 'Z' }); }],
    ['has given its pid to another', () => { proc.process({ ...entry, startTime: 101 }).write('4/status', status(99)); }],
  ])('a process that %s has ended', async (_what, change) => {
    proc.process(entry).write('4/status', status(8));
    const source = sourceOf(4);
    await source.refresh?.(0);
    expect(source.figure.bytes).toBe(8192);
    change();
    await source.refresh?.(0);
    expect(source.figure.bytes).toBe(8192);
    expect(ended).toHaveBeenCalledTimes(1);
  });

  it('a process that was not there has ended, which shows when it is measured', async () => {
    const source = sourceOf(4);
    expect(ended).not.toHaveBeenCalled();
    proc.process(entry).write('4/status', status(8));
    await source.refresh?.(0);
    expect(source.figure.bytes).toBeUndefined();
    expect(ended).toHaveBeenCalledTimes(1);
  });

  it('many are measured at once, each in its place', async () => {
    const pids = Array.from({ length: 50 }, (_, index) => index + 1);
    for (const pid of pids) proc.process(entryOf(pid)).write(`${pid}/status`, status(pid));
    const sources = pids.map(sourceOf);
    await Promise.all(sources.flatMap((source) => source.refresh?.(0) ?? []));
    expect(sources.map(({ figure }) => figure.bytes)).toEqual(pids.map((pid) => pid * 1024));
  });

  it.each([[0], [-1], [1.5], [2 ** 22 + 1], [NaN], ['4'], [undefined], [null], [{}], [{ pid: 4 }], [{ pid: 0, usage: () => undefined }]])('refuses %p', (target) => {
    expect(errorOf(() => sourceOf(target as number))).toMatchObject({ code: 'ERR_SPILLWAY_INVALID_OPTION' });
  });
});
