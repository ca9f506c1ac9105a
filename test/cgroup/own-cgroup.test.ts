import fc from 'fast-check';
import fs from 'node:fs';
import { directoryOf, ownCgroup, parseCgroup1Path, parseCgroup2Mounts, parseCgroup2Path } from '../../lib/cgroup/own-cgroup';
import { errorOf } from '../support/error-of';
import { FixtureHost } from './preflight/fixture-host';

const v1 = `31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755
35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory
40 31 0:37 / /sys/fs/cgroup/systemd rw,relatime - cgroup cgroup rw,name=systemd
`;
const unified = '41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw\n';
const pure = '35 24 0:30 / /sys/fs/cgroup rw,nosuid,nodev shared:9 master:3 - cgroup2 cgroup2 rw,nsdelegate,memory_recursiveprot\n';

describe('parseCgroup2Mounts', () => {
  it.each([
    ['v1 only', v1, []],
    ['hybrid', v1 + unified, [{ root: '/', directory: '/sys/fs/cgroup/unified', readOnly: false, options: ['rw'] }]],
    ['pure v2, with optional fields', pure, [{ root: '/', directory: '/sys/fs/cgroup', readOnly: false, options: ['rw', 'nsdelegate', 'memory_recursiveprot'] }]],
    ['a sub-root bound into a container', '9 8 0:30 /docker/ab12 /sys/fs/cgroup ro - cgroup2 cgroup rw', [{ root: '/docker/ab12', directory: '/sys/fs/cgroup', readOnly: true, options: ['rw'] }]],
    ['a cgroup namespace that was not mounted anew', '9 8 0:30 /../.. /sys/fs/cgroup rw - cgroup2 x rw', [{ root: '/../..', directory: '/sys/fs/cgroup', readOnly: false, options: ['rw'] }]],
    ['a read-only hierarchy', '9 8 0:30 / /cg rw - cgroup2 x ro', [{ root: '/', directory: '/cg', readOnly: true, options: ['ro'] }]],
    ['octal escapes', '9 8 0:30 /a\\134040 /mnt/my\\040cg\\011x rw - cgroup2 none rw', [{ root: '/a\\040', directory: '/mnt/my cg\tx', readOnly: false, options: ['rw'] }]],
    ['cgroup2 only as a source or a directory', '9 8 0:30 / /cgroup2 rw - tmpfs cgroup2 rw\n9 8 0:3 / /x rw - cgroup2fs a rw', []],
    ['paths that are not absolute', '9 8 0:30 a b rw - cgroup2 x rw\n9 8 0:30  / /two-blanks rw - cgroup2 x rw\n9 8 0:30 / rw - cgroup2 x rw', []],
    ['nothing', '', []],
    ['garbage', ' - cgroup2 \n - \n\0\nnonsense\n9 8 - cgroup2 x rw\n9 8 0:1 /only-root - cgroup2 x rw', []],
  ])('%s', (_what, mountinfo, mounts) => {
    expect(parseCgroup2Mounts(mountinfo)).toEqual(mounts);
  });

  const path = fc.array(fc.stringMatching(/^[a-z \t\\#é0-7]{1,6}$/), { minLength: 1, maxLength: 4 }).map((parts) => `/${parts.join('/')}`);
  const escaped = (text: string): string => text.replace(/[ \t\n\\#]/g, (each) => `\\${each.charCodeAt(0).toString(8).padStart(3, '0')}`);

  it('reads back any path that the kernel escapes', () => {
    fc.assert(
      fc.property(path, path, (root, directory) => {
        const line = `36 25 0:31 ${escaped(root)} ${escaped(directory)} rw shared:4 - cgroup2 none rw`;
        expect(parseCgroup2Mounts(`${v1}${line}\n`)).toEqual([{ root, directory, readOnly: false, options: ['rw'] }]);
      }),
    );
  });

  it('never throws, whatever stands there', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(Array.isArray(parseCgroup2Mounts(text))).toBe(true);
      }),
    );
  });
});

it.each([
  ['4:memory:/jobs\n', '/jobs'],
  ['5:cpu:/a\n4:cpuset,memory:/jobs:1 (deleted)\n0::/b\n', '/jobs:1'],
  ['4:memory', undefined],
  ['4:memory:', undefined],
  ['0::/b\n', undefined],
])('parseCgroup1Path of %j is %j', (text, path) => {
  expect(parseCgroup1Path(text, 'memory')).toBe(path);
});

describe('parseCgroup2Path', () => {
  it.each([
    ['0::/\n', '/'],
    ['0::/user.slice/a.scope\n', '/user.slice/a.scope'],
    ['9:name=systemd:/x\n4:memory:/y\n0::/z\n', '/z'],
    ['0::/../x\n', '/../x'],
    ['0::/with:colon 0::/b\n', '/with:colon 0::/b'],
    ['0::/gone (deleted)\n', '/gone'],
    ['0::/a (deleted) b\n', '/a (deleted) b'],
    ['10::/not-v2\n', undefined],
    ['4:memory:/y\n', undefined],
    ['', undefined],
    ['garbage', undefined],
  ])('of %j is %j', (text, path) => {
    expect(parseCgroup2Path(text)).toBe(path);
  });
});

describe('directoryOf', () => {
  const whole = { root: '/', directory: '/sys/fs/cgroup' };
  const part = { root: '/docker/ab', directory: '/mnt/cg' };
  it.each([
    ['/', [whole], '/sys/fs/cgroup'],
    ['/', [{ root: '/', directory: '/' }], '/'],
    ['/a/b', [whole], '/sys/fs/cgroup/a/b'],
    ['/docker/ab', [part], '/mnt/cg'],
    ['/docker/ab/c', [part], '/mnt/cg/c'],
    ['/docker/abc', [part], undefined],
    ['/docker', [part], undefined],
    ['/other', [part, whole], '/sys/fs/cgroup/other'],
    ['/docker/ab/c', [part, whole], '/mnt/cg/c'],
    ['/..a/b', [whole], '/sys/fs/cgroup/..a/b'],
    ['/a', [], undefined],
  ])('%s under %j is %s', (path, mounts, directory) => {
    expect(directoryOf(path, mounts)).toBe(directory);
  });

  it.each([
    ['/../x', [whole], undefined],
    ['/..', [whole], undefined],
    ['/', [{ root: '/..', directory: '/mnt' }], undefined],
    ['/../x', [{ root: '/..', directory: '/mnt' }], '/mnt/x'],
    ['/../../x', [{ root: '/..', directory: '/mnt' }], undefined],
    ['/a/../../x', [whole], undefined],
    ['/a/..', [whole], undefined],
  ])('%s, out of the cgroup namespace, under %j is %s', (path, mounts, directory) => {
    expect(directoryOf(path, mounts)).toBe(directory);
  });

  it('stays below the mount, whatever the path', () => {
    const path = fc.array(fc.constantFrom('a', '..', 'b'), { minLength: 1, maxLength: 5 }).map((parts) => `/${parts.join('/')}`);
    fc.assert(
      fc.property(path, (each) => {
        expect(`${directoryOf(each, [whole]) ?? '/sys/fs/cgroup'}/`).toMatch(/^\/sys\/fs\/cgroup\//);
      }),
    );
  });
});

describe('ownCgroup', () => {
  const at = (mountinfo: string, cgroup: string): FixtureHost => new FixtureHost({ '/proc/self/mountinfo': mountinfo, '/proc/self/cgroup': cgroup });

  it('says how to get cgroup v2 where there is none', () => {
    const message = expect.stringContaining('mount -t cgroup2') as string;
    expect(errorOf(() => ownCgroup(at(v1, '4:memory:/y\n')))).toMatchObject({ code: 'ERR_SPILLWAY_NOT_CGROUP2', message });
    expect(errorOf(() => ownCgroup(new FixtureHost()))).toMatchObject({ code: 'ERR_SPILLWAY_NOT_CGROUP2', message });
  });

  it("names the path and the mounts when they do not meet, and the option 'cgroup'", () => {
    const message = expect.stringMatching(/\/\.\.\/x .*\/sys\/fs\/cgroup\/unified.*'cgroup'/) as string;
    expect(errorOf(() => ownCgroup(at(v1 + unified, '0::/../x\n')))).toMatchObject({ code: 'ERR_SPILLWAY_NOT_CGROUP2', message });
  });

  it('says so when the own cgroup is not told: no v2 line, or no /proc', () => {
    const message = "/proc/self/cgroup does not tell the own cgroup of the v2 hierarchy; pass the option 'cgroup'";
    expect(errorOf(() => ownCgroup(at(unified, '4:memory:/y\n')))).toMatchObject({ code: 'ERR_SPILLWAY_NOT_CGROUP2', message });
  });

  it('of several mounts takes one that may be written', () => {
    const host = new FixtureHost().mount('/ro', { mountOptions: 'ro' }).mount('/rw').in('/a').cgroup('/ro/a', { procs: [100] }).cgroup('/rw/a', { procs: [100] });
    expect(ownCgroup(host)).toBe('/rw/a');
  });

  it('passes over a mount that is covered by another', () => {
    const host = new FixtureHost().mount('/covered').mount('/seen', { mountOptions: 'ro' }).in('/a').cgroup('/covered/a', { procs: [7] }).cgroup('/seen/a', { procs: [1, 100] });
    expect(ownCgroup(host)).toBe('/seen/a');
  });

  it('believes the table where no cgroup lists it: threaded ones do not', () => {
    const host = new FixtureHost().mount('/gone').mount('/cg').in('/a').cgroup('/cg/a');
    expect(ownCgroup(host)).toBe('/cg/a');
  });

  it('says so when what the table promises is not there: something covers the mount', () => {
    expect(() => ownCgroup(new FixtureHost().mount('/cg').in('/a'))).toThrow(/\/a is not under any cgroup v2 mount \(\/cg\)/);
  });

  it('finds a sub-tree that is bound into a container', () => {
    const host = new FixtureHost().mount('/sys/fs/cgroup', { root: '/docker/ab' }).in('/docker/ab/inner').cgroup('/sys/fs/cgroup/inner', { procs: [100] });
    expect(ownCgroup(host)).toBe('/sys/fs/cgroup/inner');
  });

  describe("in a namespace with the host's tree bound into it, where the names in between are not told", () => {
    const bound = (): FixtureHost =>
      new FixtureHost().mount('/sys/fs/cgroup', { root: '/../..' }).root('/sys/fs/cgroup').cgroup('/sys/fs/cgroup/a').cgroup('/sys/fs/cgroup/a/x', { procs: [3] });

    it('looks for itself at that depth', () => {
      const host = bound().cgroup('/sys/fs/cgroup/b').cgroup('/sys/fs/cgroup/b/y', { procs: [5, 100] }).in('/');
      expect(ownCgroup(host)).toBe('/sys/fs/cgroup/b/y');
    });

    it('and below it', () => {
      const host = bound().cgroup('/sys/fs/cgroup/b').cgroup('/sys/fs/cgroup/b/y').cgroup('/sys/fs/cgroup/b/y/supervisor', { procs: [100] }).in('/supervisor');
      expect(ownCgroup(host)).toBe('/sys/fs/cgroup/b/y/supervisor');
    });

    it('and beside it', () => {
      const host = bound().cgroup('/sys/fs/cgroup/b').cgroup('/sys/fs/cgroup/b/z', { procs: [100] }).in('/../z');
      expect(ownCgroup(host)).toBe('/sys/fs/cgroup/b/z');
    });

    it('and says so when it is not there', () => {
      expect(errorOf(() => ownCgroup(bound().in('/')))).toMatchObject({ code: 'ERR_SPILLWAY_NOT_CGROUP2' });
    });
  });

  const mounted = parseCgroup2Mounts(fs.readFileSync('/proc/self/mountinfo', 'utf8')).length > 0;
  (mounted ? it : it.skip)('of this process is the one that lists it', () => {
    expect(fs.readFileSync(`${ownCgroup()}/cgroup.procs`, 'utf8').split('\n')).toContain(String(process.pid));
  });
});
