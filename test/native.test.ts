import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { errnoName, isFailure, isSupported, launcherPath, native, type NativeBinding, support } from '../lib/native';
import * as root from '../lib/index';
import { FixtureCgroup, MiB } from './support/fixture-cgroup';
import { reactorCount } from './support/process-resources';

const limits = { highBytes: 100 * MiB, maxBytes: Infinity };

function pinned(bytes: number): { currentBytes: number; activeFileBytes: number; inactiveFileBytes: number } {
  return { currentBytes: bytes, activeFileBytes: 0, inactiveFileBytes: 0 };
}

describe('support', () => {
  it('is there, and says so twice the same', () => {
    expect(support()).toEqual({ ok: true });
    expect(isSupported()).toBe(true);
    expect(launcherPath()).toMatch(/spillway-launch$/);
  });

  it('raw functions are not exported by the package', () => {
    const raw = Object.keys(native());
    expect(raw).toContain('watchMemory');
    for (const name of [...raw, 'native', 'launcherPath']) expect(root).not.toHaveProperty(name);
  });
});

describe('readMemory', () => {
  const cgroup = new FixtureCgroup().high('max').max(7).usage({ current: 50, inactiveFile: 10, activeFile: 5 });
  afterAll(() => { cgroup.remove(); });

  it('gives figures and limits; what is not there has no property', () => {
    expect(native().readMemory(cgroup.directory)).toEqual({
      usage: { currentBytes: 50, anonBytes: 35, fileBytes: 15, inactiveFileBytes: 10, activeFileBytes: 5, slabReclaimableBytes: 0 },
      limits: { highBytes: Infinity, maxBytes: 7 },
    });
  });

  it('of a bad file leaves the figure out, and never gives NaN', () => {
    cgroup.write('memory.current', 'max\n').write('memory.max', '');
    const sample = native().readMemory(cgroup.directory);
    expect(sample).not.toHaveProperty('usage.currentBytes');
    expect(sample).not.toHaveProperty('limits.maxBytes');
  });
});

describe('readUsage', () => {
  const cgroup = new FixtureCgroup().usage({ current: 50, inactiveFile: 10, activeFile: 5 });
  afterAll(() => { cgroup.remove(); });

  it('gives what readMemory() gives of it', () => {
    expect(native().readUsage(cgroup.directory)).toEqual({ currentBytes: 50, anonBytes: 35, fileBytes: 15, inactiveFileBytes: 10, activeFileBytes: 5, slabReclaimableBytes: 0 });
  });

  it('has no figure of what is not there, and none of what is no number', () => {
    expect(native().readUsage(`${cgroup.directory}/nowhere`)).toEqual({});
    cgroup.write('memory.current', 'max\n');
    expect(native().readUsage(cgroup.directory)).toMatchObject({ file: 'memory.current' });
  });
});

describe('readCounters', () => {
  const cgroup = new FixtureCgroup({ high: 3 });
  afterAll(() => { cgroup.remove(); });

  it('gives all that the kernel counts', () => {
    expect(native().readCounters(cgroup.directory)).toEqual({ low: 0, high: 3, max: 0, oom: 0, oom_kill: 0, oom_group_kill: 0 });
  });

  it('fails where the file is missing, or is none of the kernel', () => {
    expect(native().readCounters(`${cgroup.directory}/nowhere`)).toMatchObject({ syscall: 'open', file: 'memory.events' });
    cgroup.write('memory.events', 'nonsense');
    expect(native().readCounters(cgroup.directory)).toMatchObject({ file: 'memory.events' });
  });
});

describe('evaluateShortness', () => {
  const evaluate: NativeBinding['evaluateShortness'] = (...given) => native().evaluateShortness(...given);

  it('is the rule of the design: begins above mark - buffer / 2, ends at mark - buffer', () => {
    expect(evaluate(pinned(97.5 * MiB), limits, undefined, false)).toMatchObject({ known: true, short: false });
    expect(evaluate(pinned(97.5 * MiB + 1), limits, undefined, false)).toMatchObject({ short: true, bytesToFree: 2.5 * MiB + 1, clearBytes: 95 * MiB });
    expect(evaluate(pinned(95 * MiB + 1), limits, undefined, true)).toMatchObject({ short: true, bytesToFree: 1 });
    expect(evaluate(pinned(95 * MiB), limits, undefined, true)).toMatchObject({ short: false, bytesToFree: 0 });
  });

  it.each([
    ['nothing known', {}, {}, { known: false, short: false, markBytes: Infinity }],
    ['no limit set', pinned(5), { highBytes: Infinity, maxBytes: Infinity }, { known: true, short: false, markBytes: Infinity }],
    ['bad figures count as unknown', { currentBytes: NaN, activeFileBytes: -1, inactiveFileBytes: 0 }, limits, { known: false, short: false }],
    ['more cache than total', { currentBytes: 5, activeFileBytes: 9, inactiveFileBytes: 9 }, { highBytes: 0, maxBytes: 0 }, { known: true, short: false, pinnedBytes: 0 }],
  ])('%s', (_what, usage, given, expected) => {
    expect(evaluate(usage, given, undefined, false)).toMatchObject(expected);
  });

  it('takes its own results back without losing Infinity', () => {
    expect(evaluate(pinned(MiB), { highBytes: Infinity, maxBytes: 0 }, 0, false)).toMatchObject({ markBytes: 0, short: true, bytesToFree: MiB });
  });
});

describe('the raw functions', () => {
  it('give failures as values', () => {
    const failure = native().openPidfd(2 ** 22 + 5);
    if (!isFailure(failure)) throw new Error('expected a failure');
    expect(failure).toMatchObject({ syscall: 'pidfd_open', file: '' });
    expect(errnoName(failure)).toBe('ESRCH');
    expect(errnoName({ ...failure, errno: -1 })).toBe('bad content');
  });

  it('unwatch ignores ids that are unknown', () => {
    for (const id of [0, 1, 2, 16, -1, 2 ** 40, NaN]) native().unwatch(id);
    expect(reactorCount()).toBe(0);
  });

  it('watchPopulated tells of a change once, and of the end', async () => {
    const cgroup = new FixtureCgroup();
    const file = join(cgroup.directory, 'cgroup.events');
    writeFileSync(file, 'populated 1\nfrozen 0\n');
    const reports: object[] = [];
    await new Promise<void>((resolve) => {
      const id = native().watchPopulated({ directory: cgroup.directory, safetyReadMs: 10, keepAlive: true }, (report) => {
        reports.push(report);
        if (!report.populated && !report.removed) cgroup.remove();
        if (!report.removed) return;
        native().unwatch(Number(id));
        resolve();
      });
      writeFileSync(file, readFileSync(file, 'utf8').replace('populated 1', 'populated 0'));
    });
    expect(reports).toEqual([{ populated: false, removed: false }, { populated: false, removed: true }]);
    expect(reactorCount()).toBe(0);
  });
});

describe('attributes', () => {
  const folder = mkdtempSync(join(tmpdir(), 'spillway-attribute-'));
  afterAll(() => { rmSync(folder, { recursive: true }); });

  it('are written and read as UTF-8, and undefined where not set', () => {
    expect(native().readAttribute(folder, 'user.spillway.test')).toBeUndefined();
    const written = native().writeAttribute(folder, 'user.spillway.test', 'ü\0 {"a":1}');
    const kept = written === undefined ? 'ü\0 {"a":1}' : undefined;
    if (isFailure(written)) expect(errnoName(written)).toMatch(/^(ENOTSUP|EOPNOTSUPP)$/); // a file system without any
    expect(native().readAttribute(folder, 'user.spillway.test')).toBe(kept);
  });

  it('give failures as values', () => {
    const missing = join(folder, 'missing');
    expect(native().readAttribute(missing, 'user.x')).toMatchObject({ syscall: 'getxattr', errno: 2 });
    expect(native().writeAttribute(missing, 'user.x', '1')).toMatchObject({ syscall: 'setxattr', errno: 2 });
  });
});
