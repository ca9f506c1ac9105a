import { preflightOf } from '../../../lib/cgroup/preflight/preflight';
import type { Finding, FindingName } from '../../../lib/cgroup/preflight/types';
import { dockerPrivate, FixtureHost, systemService, top, userScope } from './fixture-host';

const service = `${top}/system.slice/jobs.service`;

function find(check: FindingName, host: FixtureHost, ours: number[] = []): Finding {
  const found = preflightOf(host, { name: 'pool' }, ours).find((each) => each.check === check);
  if (found === undefined) throw new Error(`no finding ${check}`);
  return found;
}

describe('memory-controller', () => {
  it('is not handed down by a cgroup above', () => {
    const host = new FixtureHost().mount(top).root(top, { enabled: '' }).cgroup(`${top}/a`, { controllers: '', procs: [100] }).in('/a');
    expect(find('memory-controller', host)).toMatchObject({
      severity: 'error', message: `The memory controller is not available in ${top}/a: ${top}/cgroup.subtree_control does not hand it down.`,
      fix: `'echo +memory >${top}/cgroup.subtree_control'`,
    });
    host.refuse('EACCES', `${top}/cgroup.subtree_control`);
    expect(find('memory-controller', host).fix).toBe(`as root: 'cd ${top}/a && chown 1000 . cgroup.procs cgroup.subtree_control cgroup.threads'`);
  });

  it('is switched off', () => {
    const host = new FixtureHost({ '/proc/cgroups': '#subsys_name\thierarchy\tnum_cgroups\tenabled\nmemory\t0\t1\t0\n' }).mount(top).root(top, { controllers: 'cpu' }).in('/');
    expect(find('memory-controller', host).fix).toContain('cgroup_disable=memory');
  });

  it('is missing all the way up', () => {
    expect(find('memory-controller', dockerPrivate().cgroup(top, { controllers: 'cpu', procs: [100] }))).toMatchObject({
      message: expect.stringContaining(`no cgroup up to ${top} has it`) as string, fix: expect.stringContaining('docker run') as string,
    });
  });
});

test('other-controllers', () => {
  expect(find('other-controllers', systemService().cgroup(service, { controllers: 'memory cpu', delegate: true }))).toMatchObject({
    severity: 'info', message: 'No controller pids in the base: workers cannot be kept from forking without end.',
  });
});

describe('permission', () => {
  it("asks for the right to move out of where this process is", () => {
    const host = systemService({ uid: 1000 }).cgroup(`${top}/user.slice`).cgroup(`${top}/user.slice/a.scope`, { procs: [100] }).in('/user.slice/a.scope');
    const found = preflightOf(host, { cgroup: service }).find(({ check }) => check === 'permission');
    expect(found).toMatchObject({
      severity: 'error', lowersTo: 'polling', fix: `start the program inside ${service}: as root, 'echo PID >${service}/cgroup.procs'`,
      message: `The user 1000 may make cgroups in ${service}, but not move processes there from ${top}/user.slice/a.scope, for want of the right to write ${top}/cgroup.procs (EACCES).`,
    });
  });

  it('needs none for cgroup.subtree_control where memory is enabled already', () => {
    const host = systemService().cgroup(service, { enabled: 'memory', delegate: true }).refuse('EACCES', `${service}/cgroup.subtree_control`);
    expect(find('permission', host).severity).toBe('ok');
  });

  it('in a container where only root may write, owners are wanting and no mount', () => {
    const docker = dockerPrivate().refuse('EACCES', top, `${top}/cgroup.procs`, `${top}/cgroup.subtree_control`);
    expect(find('permission', Object.assign(docker, { uid: 1000 })).fix).toBe(`as root: 'cd ${top} && chown 1000 . cgroup.procs cgroup.subtree_control cgroup.threads'`);
  });

  it('below the root of the hierarchy a cgroup must be made first', () => {
    const host = new FixtureHost().mount(top).root(top).in('/').refuse('EACCES', top);
    expect(find('permission', host).fix).toMatch(/^as root: 'D=\/sys\/fs\/cgroup\/spillway; mkdir \$D && echo \+memory >.* && exec setpriv --reuid 1000 --clear-groups COMMAND'$/);
  });

  it("finds a pool that is another user's", () => {
    const host = systemService({ uid: 1000 }).cgroup(`${service}/pool`, { files: { 'memory.high': 'max' } }).refuse('EACCES', `${service}/pool/memory.high`);
    expect(find('permission', host).message).toContain(`no right to write ${service}/pool/memory.high (EACCES)`);
  });
});

describe('processes-in-base', () => {
  it('counts lines that are numbers only', () => {
    const host = systemService().cgroup(service, { delegate: true }).put({ [`${service}/cgroup.procs`]: '100\n\0\nNaN\n-7\n0x8\n' });
    expect(find('processes-in-base', host)).toMatchObject({ severity: 'ok', message: 'No other process stands in the base.' });
  });

  it('lists every one that would have to be moved', () => {
    const host = systemService().cgroup(service, { procs: [7, 100, 8, 9, 0], delegate: true }).process(7, 'sh').process(8, 'node');
    expect(find('processes-in-base', host)).toMatchObject({
      severity: 'error', lowersTo: 'polling', fix: expect.stringMatching(/moveOthers: true.*systemd-run --scope/) as string,
      message: `4 other process(es) stand in ${service}, so its children cannot have memory limits: 7 (sh), 8 (node), 9 (gone since), one outside this pid namespace, which cannot be moved from here.`,
    });
    expect(find('processes-in-base', host, [7, 8, 9, 0]).severity).toBe('ok');
  });

  it('lets them stay in the root of the hierarchy', () => {
    const host = new FixtureHost().mount(top).root(top, { procs: [1, 100] }).in('/');
    expect(find('processes-in-base', host)).toMatchObject({ severity: 'ok' });
  });
});

test('cgroup-type', () => {
  expect(find('cgroup-type', systemService().cgroup(service, { type: 'threaded', delegate: true }))).toMatchObject({ severity: 'error', lowersTo: 'polling', message: expect.stringContaining("'threaded'") as string });
});

describe('supervisor-placement', () => {
  it('finds itself inside the pool, whatever the path', () => {
    const host = systemService().cgroup(`${service}/pool`).cgroup(`${service}/pool/in`, { procs: [100] }).in('/system.slice/jobs.service/pool/in');
    const inside = (cgroup: string): Finding | undefined => preflightOf(host, { cgroup, name: 'pool' }).find(({ check }) => check === 'supervisor-placement');
    expect(inside(service)).toMatchObject({ severity: 'error', lowersTo: 'polling' });
    // A link, or another mount.
    for (const each of [...host.files.keys()]) if (each.startsWith(service)) host.put({ [each.replace(service, '/my/jobs')]: host.read(each) });
    host.aliases.set('/my/jobs/pool', `${service}/pool`);
    expect(inside('/my/jobs')).toMatchObject({ severity: 'error' });
    expect(preflightOf(host, { cgroup: service, name: 'po' }).find(({ check }) => check === 'supervisor-placement')?.severity).toBe('ok');
  });

  it('finds a cgroup above that is throttled', () => {
    const files = { 'memory.high': 1048576, 'memory.current': 1048576 };
    expect(find('supervisor-placement', systemService().cgroup(`${top}/system.slice`, { files }))).toMatchObject({
      severity: 'warning', message: `${top}/system.slice uses 1 MiB with memory.high at 1 MiB: the kernel throttles this process, too.`,
      fix: "'systemctl set-property system.slice MemoryHigh=infinity'",
    });
    expect(find('supervisor-placement', dockerPrivate().cgroup(top, { files, procs: [100] })).fix).toBe(`'echo max >${top}/memory.high'`);
    expect(find('supervisor-placement', systemService().cgroup(`${top}/system.slice`, { files: { ...files, 'memory.current': 9 } })).severity).toBe('ok');
  });
});

test('visible-limits: the lowest on the way up', () => {
  const host = systemService().cgroup(`${top}/system.slice`, { files: { 'memory.high': 2 ** 30, 'memory.max': 2 ** 31 } });
  expect(find('visible-limits', host)).toMatchObject({ severity: 'ok', message: `At most 1 GiB for the base (${top}/system.slice/memory.high), on a machine with 16 GiB.` });
  expect(find('visible-limits', systemService().put({ '/proc/meminfo': undefined })).message).toBe(`No memory limit on the way up to ${top}, on a machine of unknown size.`);
});

test('mount-options', () => {
  const mounted = (options: string): Finding => find('mount-options', new FixtureHost().mount(top, { options }).root(top).in('/'));
  expect(mounted('rw,nsdelegate,memory_recursiveprot').severity).toBe('ok');
  expect(mounted('rw,nsdelegate')).toMatchObject({ severity: 'info', message: expect.stringMatching(/^Mounted without memory_recursiveprot \(/) as string });
  expect(mounted('rw,memory_localevents')).toMatchObject({ severity: 'warning', fix: expect.stringContaining('mount -o remount,nsdelegate,memory_recursiveprot /sys/fs/cgroup') as string });
});

test('pressure', () => {
  expect(find('pressure', systemService().put({ '/proc/pressure/memory': undefined }))).toMatchObject({ severity: 'warning', fix: "boot with the kernel parameter 'psi=1'" });
  expect(find('pressure', systemService().cgroup(`${service}/pool`, { files: { 'cgroup.pressure': 0 } }))).toMatchObject({ severity: 'warning', fix: `'echo 1 >${service}/pool/cgroup.pressure'` });
});

describe('sys-resource', () => {
  const withMask = (mask: string, host = systemService()): FixtureHost => host.put({ '/proc/self/status': `CapEff:\t${mask}\n` });
  it('is bit 24', () => {
    expect(find('sys-resource', withMask('0000000001000000')).severity).toBe('ok');
    expect(find('sys-resource', withMask('000001fffeffffff')).severity).toBe('info');
  });
  it('counts little in a user namespace', () => {
    const host = withMask('000001ffffffffff').put({ '/proc/self/uid_map': '         0       1000          1\n' });
    expect(find('sys-resource', host).message).toBe('CAP_SYS_RESOURCE counts only in a user namespace: oom_score_adj can be raised but not lowered, and limits of the host bind.');
    expect(find('sys-resource', host.put({ '/proc/self/uid_map': '         0          0 4294967295\n' })).severity).toBe('ok');
  });
  it('says what is lost on which kernel, and how a container gets it', () => {
    expect(find('sys-resource', systemService()).message).toContain('in windows of 2 s only');
    expect(find('sys-resource', Object.assign(systemService(), { release: '6.1.0' })).message).toContain('pressure is not told, only read');
    expect(find('sys-resource', dockerPrivate()).fix).toBe("'docker run --cap-add SYS_RESOURCE IMAGE COMMAND'");
  });
});

describe('swap', () => {
  const swaps = 'Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n/dev/vda2                               partition\t1048576\t\t0\t\t-2\n';
  it('counts lines that have a size only', () => {
    const host = systemService().put({ '/proc/swaps': `${swaps}garbage\n\n/dev/vdc partition none 0 -3\nFilename Type Size Used Priority\n` });
    expect(find('swap', host).message).toMatch(/^1 GiB of swap;/);
    expect(find('swap', host.put({ '/proc/swaps': '\0garbage' })).message).toBe('No swap.');
  });

  it('is limited by memory.swap.max', () => {
    const host = systemService().put({ '/proc/swaps': swaps, '/sys/module/zswap/parameters/enabled': 'Y\n' }).cgroup(service, { delegate: true, procs: [100], files: { 'memory.max': 'max', 'memory.swap.max': 'max' } });
    expect(find('swap', host)).toMatchObject({ severity: 'ok', message: '1 GiB of swap with zswap; pools keep out of it, as limits.swapMaxBytes is 0 by default.' });
  });
  it('or not', () => {
    const host = systemService().put({ '/proc/swaps': swaps }).cgroup(service, { delegate: true, procs: [100], files: { 'memory.max': 'max' } });
    expect(find('swap', host)).toMatchObject({ severity: 'warning', fix: expect.stringContaining('swapaccount=1') as string });
  });
});

describe('file-descriptors', () => {
  const withLimits = (soft: string, hard: string, host = systemService()): FixtureHost => host.put({ '/proc/self/limits': `Max open files            ${soft}                 ${hard}               files     \n` });
  it('says how many workers fit', () => {
    expect(find('file-descriptors', withLimits('1024', '1024'))).toMatchObject({ severity: 'ok', message: '1024 file descriptors (hard limit 1024), 0 in use: room for 168 workers, 112 with pipes for stdio.' });
  });
  it.each([
    ['256', '4096', "'ulimit -n 4096'"],
    ['256', 'unlimited', "'ulimit -n 65536'"],
    ['256', '256', "'systemd-run -p LimitNOFILE=65536 -p Delegate=yes COMMAND'"],
  ])('few: %s of %s', (soft, hard, fix) => {
    expect(find('file-descriptors', withLimits(soft, hard))).toMatchObject({ severity: 'warning', fix });
  });
  it('in a container', () => {
    expect(find('file-descriptors', withLimits('64', '64', dockerPrivate())).fix).toBe("'docker run --ulimit nofile=65536:65536 IMAGE COMMAND'");
  });
  it('unlimited, and unreadable', () => {
    expect(find('file-descriptors', withLimits('unlimited', 'unlimited')).severity).toBe('ok');
    expect(find('file-descriptors', systemService().put({ '/proc/self/limits': 'x' })).skipped).toBe(true);
    expect(find('file-descriptors', withLimits('-1', '1024')).skipped).toBe(true);
  });
});

test('oom-score', () => {
  expect(find('oom-score', userScope(true).put({ '/proc/self/oom_score_adj': '200\n' }))).toMatchObject({ severity: 'warning', fix: "as root: 'choom -n 0 -p 100'" });
  expect(find('oom-score', userScope(true).put({ '/proc/self/oom_score_adj': '-900\n' })).severity).toBe('ok');
});
