import { constants } from 'node:os';
import type { ErrorCode, SpillwayError } from '../../lib/errors';
import { accountingIsOff, notCgroup2, pressureError } from '../../lib/monitor/pressure-error';
import { FixtureCgroup } from '../support/fixture-cgroup';
import { mountOf } from '../support/mount-of';

const host = { file: '/proc/pressure/memory', cgroup: undefined };

const { errno } = constants;
const failed = (name: keyof typeof errno, syscall = 'write'): SpillwayError =>
  pressureError(host, { errno: errno[name], syscall, file: 'memory.pressure' }, 'set a trigger on');

it.each<[keyof typeof errno, ErrorCode, hint: string]>([
  ['ENOENT', 'ERR_SPILLWAY_PRESSURE_DISABLED', "'psi=1'"],
  ['ENOTSUP', 'ERR_SPILLWAY_PRESSURE_DISABLED', "'psi=1'"],
  ['EPERM', 'ERR_SPILLWAY_PERMISSION', 'CAP_SYS_RESOURCE'],
  ['EACCES', 'ERR_SPILLWAY_PERMISSION', 'run as root'],
  ['EROFS', 'ERR_SPILLWAY_PERMISSION', 'read-only'],
  ['EBUSY', 'ERR_SPILLWAY_SYSTEM', 'has a trigger already'],
  ['EINVAL', 'ERR_SPILLWAY_SYSTEM', 'CAP_SYS_RESOURCE'],
  ['EMFILE', 'ERR_SPILLWAY_SYSTEM_LIMIT', 'ulimit -n'],
  ['ENOMEM', 'ERR_SPILLWAY_SYSTEM_LIMIT', 'no memory left'],
  ['EIO', 'ERR_SPILLWAY_SYSTEM', 'write failed'],
])('%s is %s and says what to do', (name, code, hint) => {
  const error = failed(name);
  expect(error).toMatchObject({ code, cause: { code: name, syscall: 'write' } });
  expect(error.message).toMatch(/^Could not set a trigger on \/proc\/pressure\/memory: /);
  expect(error.message).toContain(hint);
  expect(error.message).toContain(name);
});

it('another text than the kernel writes is told as that', () => {
  expect(pressureError(host, { errno: -1, syscall: 'pread', file: 'memory.pressure' }, 'go on watching')).toMatchObject({ code: 'ERR_SPILLWAY_FILE_INVALID' });
});

describe('of a cgroup', () => {
  const at = (cgroup: string): Parameters<typeof pressureError>[0] => ({ file: `${cgroup}/memory.pressure`, cgroup });
  const missing = (cgroup: string, syscall = 'open'): SpillwayError => pressureError(at(cgroup), { errno: errno.ENOENT, syscall, file: 'memory.pressure' }, 'watch');

  it('a missing directory is not found', () => {
    expect(missing('/nowhere')).toMatchObject({ code: 'ERR_SPILLWAY_CGROUP_NOT_FOUND' });
  });

  it('a folder is no cgroup', () => {
    const fixture = new FixtureCgroup();
    expect(missing(fixture.directory)).toMatchObject({ code: 'ERR_SPILLWAY_NOT_CGROUP2' });
    expect(notCgroup2(fixture.directory)).toMatchObject({ code: 'ERR_SPILLWAY_NOT_CGROUP2' });
    expect(accountingIsOff(fixture.directory)).toBe(false);
    fixture.remove();
  });

  const unified = mountOf('cgroup2');
  (unified === undefined ? it.skip : it)('a real one without the file lies on a kernel without PSI', () => {
    expect(missing(unified ?? '')).toMatchObject({ code: 'ERR_SPILLWAY_PRESSURE_DISABLED', message: expect.stringContaining("'psi=1'") as string });
    expect(missing(unified ?? '', 'write')).toMatchObject({ code: 'ERR_SPILLWAY_CGROUP_NOT_FOUND' });
    expect(notCgroup2(unified ?? '')).toBeUndefined();
  });
});
