import { execFileSync } from 'node:child_process';
import { mkdirSync, rmdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SpillwayError, type ErrorCode } from '../../lib/errors';
import { EventMemoryMonitor } from '../../lib/monitor/event-memory-monitor';
import { errorOf } from '../support/error-of';
import { eventsText, type FixtureCgroup } from '../support/fixture-cgroup';
import { mountOf } from '../support/mount-of';
import { openFiles, reactorCount } from '../support/process-resources';
import { useWatching } from '../support/watching';

const { fixture, watch } = useWatching();

/** What start() throws; checks that it left nothing open, alone and beside a running monitor. */
function startError(cgroup: string, options: { scope?: 'local' } = {}): SpillwayError {
  const monitor = new EventMemoryMonitor({ cgroup, ...options });
  const running = watch();
  const beside = openFiles();
  const second = errorOf(() => monitor.start());
  expect(openFiles()).toEqual(beside);
  running.monitor.stop();

  const alone = openFiles();
  const error = errorOf(() => monitor.start());
  expect(openFiles()).toEqual(alone);
  expect(reactorCount()).toBe(0);
  expect(monitor.running).toBe(false);
  expect(second).toEqual(error);
  if (!(error instanceof SpillwayError)) throw error;
  return error;
}

describe('a path that is no cgroup', () => {
  it.each<[what: string, code: ErrorCode, path: (cgroup: FixtureCgroup) => string]>([
    ['a missing one', 'ERR_SPILLWAY_CGROUP_NOT_FOUND', ({ directory }) => join(directory, 'missing')],
    ['one below a missing one', 'ERR_SPILLWAY_CGROUP_NOT_FOUND', ({ directory }) => join(directory, 'missing/below')],
    ['one below a file', 'ERR_SPILLWAY_CGROUP_NOT_FOUND', (cgroup) => join(cgroup.path('memory.events'), 'below')],
    ['a file', 'ERR_SPILLWAY_NOT_CGROUP2', (cgroup) => cgroup.path('memory.events')],
    ['an empty folder', 'ERR_SPILLWAY_NOT_CGROUP2', (cgroup) => { cgroup.delete('memory.events'); return cgroup.directory; }],
    ['a link to nowhere', 'ERR_SPILLWAY_CGROUP_NOT_FOUND', ({ directory }) => { symlinkSync('nowhere', join(directory, 'link')); return join(directory, 'link'); }],
    ['a link to itself', 'ERR_SPILLWAY_SYSTEM', ({ directory }) => { symlinkSync('loop', join(directory, 'loop')); return join(directory, 'loop'); }],
    ['a name that is too long', 'ERR_SPILLWAY_SYSTEM', ({ directory }) => join(directory, 'x'.repeat(300))],
    ['a path that is too long', 'ERR_SPILLWAY_SYSTEM', ({ directory }) => directory + '/x'.repeat(5000)],
    ['/proc', 'ERR_SPILLWAY_NOT_CGROUP2', () => '/proc'],
    ['/dev/null', 'ERR_SPILLWAY_NOT_CGROUP2', () => '/dev/null'],
  ])('%s is %s', (_what, code, path) => {
    const directory = path(fixture());
    expect(startError(directory)).toMatchObject({ code });
  });

  it('a missing memory.events.local is named, where the local scope is asked for', () => {
    expect(startError(fixture().directory, { scope: 'local' }).message).toContain('memory.events.local');
  });
});

describe('a memory.events that is not of its form', () => {
  it.each<[what: string, code: ErrorCode, text: string | Buffer]>([
    ['binary', 'ERR_SPILLWAY_FILE_INVALID', Buffer.from(Array.from({ length: 256 }, (_each, index) => index))],
    ['zeros', 'ERR_SPILLWAY_FILE_INVALID', Buffer.alloc(100)],
    ['empty', 'ERR_SPILLWAY_FILE_INVALID', ''],
    ['one empty line', 'ERR_SPILLWAY_FILE_INVALID', '\n'],
    ['cut before its end', 'ERR_SPILLWAY_FILE_INVALID', eventsText().trimEnd()],
    ['of Windows lines', 'ERR_SPILLWAY_FILE_INVALID', eventsText().replaceAll('\n', '\r\n')],
    ['of unknown keys only', 'ERR_SPILLWAY_FILE_INVALID', 'populated 1\nfrozen 0\n'],
    ['with a negative number', 'ERR_SPILLWAY_FILE_INVALID', 'high -1\n'],
    ['with a fraction', 'ERR_SPILLWAY_FILE_INVALID', 'high 1.5\n'],
    ['with a word for a number', 'ERR_SPILLWAY_FILE_INVALID', 'high max\n'],
    ['without numbers', 'ERR_SPILLWAY_FILE_INVALID', 'low\nhigh\n'],
    ['huge', 'ERR_SPILLWAY_FILE_INVALID', eventsText().repeat(100_000)],
    ['one endless line', 'ERR_SPILLWAY_FILE_INVALID', `high ${'1'.repeat(1_000_000)}\n`],
  ])('%s is %s', (_what, code, text) => {
    const error = startError(fixture().write('memory.events', text).directory);
    expect(error).toMatchObject({ code });
    expect(error.message).toContain("memory.events is not in the kernel's format");
  });

  it('a folder in its place is a failed call', () => {
    const cgroup = fixture().delete('memory.events').makeDirectory('memory.events');
    expect(startError(cgroup.directory)).toMatchObject({ code: 'ERR_SPILLWAY_SYSTEM', cause: { code: 'EISDIR' } });
  });

  it('a fifo in its place blocks nothing', () => {
    const cgroup = fixture().delete('memory.events');
    execFileSync('mkfifo', [cgroup.path('memory.events')]);
    expect(startError(cgroup.directory)).toMatchObject({ code: 'ERR_SPILLWAY_SYSTEM', cause: { code: 'ESPIPE' } });
  });
});

describe('the real hierarchies of this machine', () => {
  const unified = mountOf('cgroup2');
  const v1 = mountOf('cgroup', 'memory');

  (unified === undefined ? it.skip : it)('the root of cgroup v2 has no memory.events', () => {
    const error = startError(unified ?? '');
    expect(error).toMatchObject({ code: 'ERR_SPILLWAY_CONTROLLER_DISABLED', cause: { code: 'ENOENT' } });
    expect(error.message).toContain('the root cgroup has no memory.events');
  });

  it('a cgroup v2 without the memory controller says how to enable it', () => {
    const child = join(unified ?? '/nowhere', `spillway-test-${process.pid}`);
    try {
      mkdirSync(child);
    } catch {
      return; // no cgroup v2 here, or not ours to change
    }
    try {
      const error = startError(child);
      expect(error).toMatchObject({ code: 'ERR_SPILLWAY_CONTROLLER_DISABLED' });
      expect(error.message).toContain("write '+memory' to cgroup.subtree_control");
      expect(startError(join(child, 'cgroup.procs'))).toMatchObject({ code: 'ERR_SPILLWAY_NOT_CGROUP2' });
    } finally {
      rmdirSync(child);
    }
  });

  (v1 === undefined ? it.skip : it)('a cgroup of v1 is told as that', () => {
    const error = startError(v1 ?? '');
    expect(error).toMatchObject({ code: 'ERR_SPILLWAY_NOT_CGROUP2' });
    expect(error.message).toContain('cgroup v1');
  });
});

it('the next good start works as if nothing had been', async () => {
  const cgroup = fixture();
  writeFileSync(cgroup.path('memory.events'), 'nonsense\n');
  startError(cgroup.directory);
  cgroup.events({ high: 4 });
  const { ear } = watch(cgroup);
  cgroup.events({ high: 5 });
  expect((await ear.breach(1)).delta.high).toBe(1);
});
