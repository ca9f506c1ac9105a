import { constants } from 'node:os';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cgroupError, fileSystemOf } from '../../lib/cgroup/cgroup-error';
import { SpillwayError } from '../../lib/errors';
import { mountOf } from '../support/mount-of';

const { errno } = constants;
const failure = (number: number, file = 'memory.events'): { errno: number; syscall: string; file: string } => ({ errno: number, syscall: 'open', file });

describe('cgroupError', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'spillway-error-'));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  it.each([
    ['EACCES', 'ERR_SPILLWAY_PERMISSION'], ['EPERM', 'ERR_SPILLWAY_PERMISSION'], ['EROFS', 'ERR_SPILLWAY_PERMISSION'],
    ['EMFILE', 'ERR_SPILLWAY_SYSTEM_LIMIT'], ['ENFILE', 'ERR_SPILLWAY_SYSTEM_LIMIT'], ['ENOSPC', 'ERR_SPILLWAY_SYSTEM_LIMIT'],
    ['ENOMEM', 'ERR_SPILLWAY_SYSTEM_LIMIT'], ['EAGAIN', 'ERR_SPILLWAY_SYSTEM_LIMIT'], ['EIO', 'ERR_SPILLWAY_SYSTEM'], ['ELOOP', 'ERR_SPILLWAY_SYSTEM'],
    ['ENOENT', 'ERR_SPILLWAY_NOT_CGROUP2'], ['ENODEV', 'ERR_SPILLWAY_NOT_CGROUP2'],
  ] as const)('%s is %s, names the folder and keeps the errno', (name, code) => {
    const error = cgroupError(folder, failure(errno[name]), 'watch');
    expect(error).toBeInstanceOf(SpillwayError);
    expect(error).toMatchObject({ code, cause: { code: name, syscall: 'open', message: `open memory.events: ${name}` } });
    expect(error.message.startsWith(`Could not watch the cgroup ${JSON.stringify(folder)}: `)).toBe(true);
    expect(error.message).not.toContain('undefined');
  });

  it('of a missing folder is that', () => {
    rmSync(folder, { recursive: true });
    for (const number of [errno.ENOENT, errno.ENOTDIR, errno.ENODEV]) {
      expect(cgroupError(folder, failure(number), 'watch')).toMatchObject({ code: 'ERR_SPILLWAY_CGROUP_NOT_FOUND' });
    }
  });

  it('of a file instead of a folder says so', () => {
    const file = join(folder, 'file');
    writeFileSync(file, '');
    const error = cgroupError(file, failure(errno.ENOTDIR), 'watch');
    expect(error).toMatchObject({ code: 'ERR_SPILLWAY_NOT_CGROUP2' });
    expect(error.message).toContain('it is not a directory');
  });

  it('of bad content names the file', () => {
    const error = cgroupError(folder, { errno: -1, syscall: 'read', file: 'memory.events' }, 'go on watching');
    expect(error).toMatchObject({ code: 'ERR_SPILLWAY_FILE_INVALID' });
    expect(error.message).toContain('Could not go on watching');
  });

  it('of a number that no errno has is still an error with it', () => {
    expect(cgroupError(folder, failure(9999), 'watch')).toMatchObject({ code: 'ERR_SPILLWAY_SYSTEM', message: expect.stringContaining('9999') as string });
  });

  const unified = mountOf('cgroup2');
  (unified === undefined ? it.skip : it)('of a real file of cgroup v2 does not speak of the root cgroup', () => {
    const error = cgroupError(join(unified ?? '', 'cgroup.procs'), failure(errno.ENOTDIR), 'watch');
    expect(error).toMatchObject({ code: 'ERR_SPILLWAY_NOT_CGROUP2', message: expect.stringContaining('not a directory') as string });
  });
});

describe('fileSystemOf', () => {
  it('tells an ordinary folder', () => {
    expect(fileSystemOf(tmpdir())).toBe('other');
  });

  for (const [type, kind] of [['cgroup2', 'cgroup2'], ['cgroup', 'cgroup1']] as const) {
    const mount = mountOf(type);
    (mount === undefined ? it.skip : it)(`tells ${kind} by its mount`, () => {
      expect(fileSystemOf(mount ?? '')).toBe(kind);
    });
  }
});
