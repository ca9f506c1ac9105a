import { spawn } from 'node:child_process';
import fs, { closeSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Cgroup } from '../../lib/cgroup/cgroup';
import { lockPool } from '../../lib/cgroup/pool-lock';
import { native } from '../../lib/native';
import { until } from '../process/support/running';
import { errorOf } from '../support/error-of';
import { describeReal, end, useFixtureHierarchy, useRealCgroups } from '../support/fixture-pool';
import { openFiles } from '../support/process-resources';

const options = { name: 'pool', runId: 'a1b2' };
const noDescriptor = Object.assign(new Error('EMFILE'), { code: 'EMFILE', errno: -24 });
const gone = Object.assign(new Error('ENOENT'), { code: 'ENOENT', errno: -2 });

describe('in a fixture', () => {
  const hierarchy = useFixtureHierarchy();
  const pool = (): Cgroup => new Cgroup(join(hierarchy.base, 'pool'));
  const openHere = (): string[] => openFiles().filter((name) => name.startsWith(hierarchy.base));
  const fds: number[] = [];
  const lock = (): number => {
    const fd = lockPool(pool(), options);
    fds.push(fd);
    return fd;
  };
  const unlock = (): void => {
    for (const fd of fds.splice(0)) closeSync(fd);
  };
  afterEach(unlock);
  const failToOpen = (error: Error, times = 1): jest.SpyInstance => {
    const open = fs.openSync.bind(fs);
    let left = times;
    return jest.spyOn(fs, 'openSync').mockImplementation((path, flags, mode) => {
      if (path === pool().directory && left-- > 0) throw error;
      return open(path, flags, mode);
    });
  };

  it('makes the pool and holds it by one descriptor', () => {
    lock();
    expect(pool().has('cgroup.procs')).toBe(true);
    expect(openHere()).toEqual([pool().directory]);
  });

  it('refuses a name in use by this process, touches nothing, and takes it when it is free', () => {
    lock();
    writeFileSync(join(pool().directory, 'mark'), '');
    const files = readdirSync(pool().directory);
    expect(errorOf(lock)).toMatchObject({
      code: 'ERR_SPILLWAY_NAME_IN_USE', message: expect.stringMatching(/owns the pool ".*\/pool"; close it, or choose another name than "pool"$/) as string,
    });
    expect([openHere().length, readdirSync(pool().directory)]).toEqual([1, files]);
    unlock();
    lock();
  });

  it('refuses a name in use by another process, until that one ends', async () => {
    mkdirSync(pool().directory);
    writeFileSync(join(pool().directory, 'cgroup.events'), 'populated 0\n');
    const owner = spawn('flock', ['-x', pool().directory, '-c', 'echo locked; exec sleep 600'], { stdio: ['ignore', 'pipe', 'ignore'], detached: true });
    try {
      await new Promise((resolve) => owner.stdout.once('data', resolve));
      expect(errorOf(lock)).toMatchObject({ code: 'ERR_SPILLWAY_NAME_IN_USE' });
      expect([openHere(), readdirSync(pool().directory)]).toEqual([[], ['cgroup.events']]);
    } finally {
      // flock(1) and its sleep both hold the lock.
      if (owner.pid !== undefined) process.kill(-owner.pid, 'SIGKILL');
      await end(owner);
    }
    // The kernel may still be about to close what they held.
    await until('the lock to be free', () => {
      try {
        return lock() > 0;
      } catch {
        return false;
      }
    });
    expect(openHere()).toHaveLength(1);
  });

  it('says who the owner is, as far as it is known', () => {
    lock();
    const read = jest.spyOn(native(), 'readAttribute').mockReturnValue('process 7, run f00');
    expect(errorOf(lock)).toMatchObject({ message: expect.stringContaining('that is alive (process 7, run f00) owns') as string });
    for (const unknown of [undefined, { errno: 95, syscall: 'getxattr', file: '' }, 'process 7, run f00\nERROR: all is lost', '\x1b[2J', '']) {
      read.mockReturnValue(unknown);
      expect(errorOf(lock)).toMatchObject({ message: expect.stringContaining('that is alive owns') as string });
    }
  });

  it('waits for a child that a dead owner had forked, and that has not executed its program yet', () => {
    const lockFile = native().lockFile.bind(native());
    let held = 3;
    jest.spyOn(native(), 'lockFile').mockImplementation((fd) => (held-- > 0 ? { errno: 11, syscall: 'flock', file: '' } : lockFile(fd)));
    jest.spyOn(native(), 'readAttribute').mockReturnValue('process 99999999, run f00');
    expect(lock()).toBeGreaterThan(0);
    expect([held, openHere()]).toEqual([-1, [pool().directory]]);
  });

  it('names itself, and does without that where there are no attributes', () => {
    const write = jest.spyOn(native(), 'writeAttribute').mockReturnValue({ errno: 95, syscall: 'setxattr', file: '' });
    lock();
    expect(write.mock.calls).toEqual([[pool().directory, 'user.spillway.owner', `process ${process.pid}, run a1b2`]]);
  });

  it('does not name itself as the owner of what another one owns', () => {
    lock();
    const write = jest.spyOn(native(), 'writeAttribute');
    errorOf(lock);
    expect(write).not.toHaveBeenCalled();
  });

  it('takes another directory when its owner removed this one just before the lock', () => {
    const lockFile = native().lockFile.bind(native());
    let races = 3;
    jest.spyOn(native(), 'lockFile').mockImplementation((fd) => {
      if (races-- > 0) rmSync(pool().directory, { recursive: true });
      return lockFile(fd);
    });
    lock();
    expect([existsSync(pool().directory), openHere()]).toEqual([true, [pool().directory]]);
  });

  it('makes it anew when somebody removed it just before it was opened', () => {
    const open = failToOpen(gone, 3);
    lock();
    expect(open.mock.calls.filter(([path]) => path === pool().directory)).toHaveLength(4);
  });

  it.each([
    ['no descriptor is left', () => failToOpen(noDescriptor), 'ERR_SPILLWAY_SYSTEM_LIMIT'],
    ['the system cannot lock', () => jest.spyOn(native(), 'lockFile').mockReturnValue({ errno: 37, syscall: 'flock', file: '' }), 'ERR_SPILLWAY_SYSTEM'],
  ])('when %s leaves what it found, and nothing that it made', (_what, spoil, code) => {
    spoil();
    expect(errorOf(lock)).toMatchObject({ code, message: expect.stringContaining('Could not lock the cgroup') as string });
    expect([existsSync(pool().directory), openHere()]).toEqual([false, []]);
    pool().create();
    spoil();
    expect(errorOf(lock)).toMatchObject({ code });
    expect([existsSync(pool().directory), openHere()]).toEqual([true, []]);
  });

  it('is not made without its base', () => {
    rmSync(hierarchy.base, { recursive: true });
    jest.restoreAllMocks();
    expect(errorOf(lock)).toMatchObject({ code: 'ERR_SPILLWAY_CGROUP_NOT_FOUND' });
  });
});

describeReal('in the kernel', () => {
  const real = useRealCgroups();

  it('a refusal names the process and the run that own the pool, and the lock ends with its descriptor', () => {
    const pool = real.make();
    const fd = lockPool(pool, options);
    expect(errorOf(() => lockPool(pool, { name: 'pool', runId: 'other' }))).toMatchObject({
      code: 'ERR_SPILLWAY_NAME_IN_USE', message: expect.stringContaining(`(process ${process.pid}, run a1b2)`) as string,
    });
    closeSync(fd);
    closeSync(lockPool(pool, { name: 'pool', runId: 'other' }));
  });
});
