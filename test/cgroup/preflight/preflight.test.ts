import { preflight, preflightOf, type PreflightOptions } from '../../../lib/cgroup/preflight/preflight';
import { findingNames, levelOf, type Finding, type FindingName } from '../../../lib/cgroup/preflight/types';
import { errorOf } from '../../support/error-of';
import { dockerHost, dockerPrivate, FixtureHost, hybridHost, systemService, top, userScope } from './fixture-host';

/** The level, and the findings that are neither well nor passed over, by name. */
function look(host: FixtureHost, options: PreflightOptions = {}): { level: string; found: Partial<Record<FindingName, Finding>> } {
  const findings = preflightOf(host, options);
  expect(findings.map(({ check }) => check)).toEqual(findingNames);
  for (const { message } of findings) expect(message).toMatch(/^[A-Z/a-z\d].*\.$/s);
  const told = findings.filter(({ severity, skipped }) => severity !== 'ok' && skipped !== true);
  return { level: levelOf(findings), found: Object.fromEntries(told.map((each) => [each.check, each])) };
}

const names = (found: object): string[] => Object.keys(found);

describe('hosts where nothing is missing', () => {
  it("a user's scope with Delegate=yes", () => {
    const { level, found } = look(userScope(true), { name: 'jobs' });
    expect(level).toBe('kernel');
    expect(names(found)).toEqual(['sys-resource']);
  });

  it.each([
    ['root', {}],
    ['a user', { uid: 1000 }],
    ['DelegateSubgroup=', { uid: 1000, subgroup: 'main' }],
    ['a supervisor before', { subgroup: 'supervisor' }],
  ])('a system service with Delegate=yes: %s', (_what, options) => {
    const { level, found } = look(systemService(options), { name: 'jobs' });
    expect([level, names(found)]).toEqual(['kernel', ['sys-resource']]);
  });

  it('a container whose cgroups may be written: limits above cannot be seen', () => {
    const { level, found } = look(dockerPrivate({ readOnly: false }));
    expect([level, names(found)]).toEqual(['kernel', ['visible-limits', 'sys-resource']]);
    expect(found['visible-limits']?.message).toBe(
      `At most 4 GiB for the base (${top}/memory.max), on a machine with 16 GiB. Limits above ${top} cannot be seen from here; if there is a lower one, set 'limits.highBytes' below it.`,
    );
  });

  it('a path instead of auto', () => {
    const host = systemService({ delegate: false }).cgroup(`${top}/system.slice/other.service`, { delegate: true });
    expect(look(host, { cgroup: `${top}/system.slice/other.service` }).level).toBe('kernel');
  });
});

describe('hosts where something is', () => {
  it("a user's scope without Delegate=yes is systemd's", () => {
    const { level, found } = look(userScope(false));
    expect([level, names(found)]).toEqual(['polling', ['delegation', 'sys-resource']]);
    expect(found.delegation).toMatchObject({ lowersTo: 'polling', fix: "'systemd-run --user --scope -p Delegate=yes COMMAND'" });
  });

  it("root's service without it", () => {
    expect(look(systemService({ delegate: false })).found.delegation?.fix).toBe("'systemd-run --scope -p Delegate=yes COMMAND'");
  });

  it('a hybrid host: memory is bound to v1', () => {
    const { level, found } = look(hybridHost().in('/'));
    expect(level).toBe('polling');
    expect(found['cgroup-mount']?.message).toContain('beside v1 (hybrid), which holds memory');
    expect(found['memory-controller']).toMatchObject({ lowersTo: 'polling', fix: "boot with the kernel parameter 'systemd.unified_cgroup_hierarchy=1'" });
  });

  it('Docker as it comes: read-only', () => {
    const { level, found } = look(dockerPrivate());
    expect([level, names(found)]).toEqual(['polling', ['permission', 'visible-limits', 'sys-resource']]);
    expect(found.permission).toMatchObject({
      message: `root may not make cgroups in ${top}: no right to write ${top} (EROFS), ${top}/cgroup.procs (EROFS), ${top}/cgroup.subtree_control (EROFS).`,
      fix: expect.stringContaining('docker run --cgroupns=private --security-opt writable-cgroups=true IMAGE COMMAND') as string,
    });
  });

  it("Docker with the host's cgroup namespace", () => {
    const { level, found } = look(dockerHost());
    expect([level, names(found)]).toEqual(['polling', ['permission', 'sys-resource']]);
  });

  it('Kubernetes and podman have fixes of their own', () => {
    const pod = dockerPrivate();
    pod.environment['KUBERNETES_SERVICE_HOST'] = '10.0.0.1';
    expect(look(pod).found.permission?.fix).toMatch(/cgroup_writable = true.*cgroup2-mount-hierarchy-rw.*privileged: true/);
    const podman = dockerPrivate().put({ '/.dockerenv': undefined, '/run/.containerenv': '' });
    expect(look(podman).found.permission?.fix).toBe("'podman run --security-opt unmask=/sys/fs/cgroup IMAGE COMMAND'");
  });

  it('no cgroup v2 at all: what depends on it is passed over', () => {
    const { level, found } = look(new FixtureHost());
    expect([level, names(found)]).toEqual(['polling', ['cgroup-mount', 'sys-resource']]);
    expect(found['cgroup-mount']?.fix).toBe("'mount -t cgroup2 none /sys/fs/cgroup'");
  });

  it('cgroup v1 alone, on a host and in a container', () => {
    const v1 = (): FixtureHost => new FixtureHost().mount(`${top}/memory`, { type: 'cgroup', options: 'rw,memory' });
    expect(look(v1()).found['cgroup-mount']).toMatchObject({ message: 'No cgroup v2 hierarchy is mounted, only v1.', fix: "boot with the kernel parameter 'cgroup_no_v1=all'" });
    expect(look(v1().put({ '/.dockerenv': '' })).found['cgroup-mount']?.fix).toBe("boot the host with the kernel parameter 'systemd.unified_cgroup_hierarchy=1'");
  });

  it('an own cgroup outside the namespace', () => {
    const { level, found } = look(new FixtureHost().mount(top).cgroup(top).in('/../x'));
    expect([level, names(found)]).toEqual(['polling', ['base', 'mount-options', 'sys-resource'].filter((each) => each !== 'mount-options')]);
    expect(found.base?.message).toContain('/../x is not under any cgroup v2 mount');
  });

  it.each([
    [`${top}/missing`, 'there is no directory'],
    ['/proc', 'is not a cgroup of the v2 hierarchy'],
  ])('the path %s', (cgroup, why) => {
    expect(look(systemService(), { cgroup })).toMatchObject({ level: 'polling', found: { base: { message: expect.stringContaining(why) as string } } });
  });

  it('an old kernel', () => {
    const at = (release: string): ReturnType<typeof look> => look(Object.assign(systemService(), { release }));
    expect(at('5.18.0')).toMatchObject({ level: 'kernel', found: { 'kernel-version': { severity: 'info' } } });
    expect(at('5.13.19-rc1')).toMatchObject({ level: 'polling', found: { 'kernel-version': { message: expect.stringContaining('cgroup.kill') as string } } });
    expect(at('5.2.0')).toMatchObject({ level: 'none', found: { 'kernel-version': { message: expect.stringContaining('pidfd_open') as string } } });
    expect(at('4.19.0').level).toBe('none');
    expect(at('a kernel of my own')).toMatchObject({ level: 'kernel' });
  });

  it('another system: one finding says it, the rest is passed over', () => {
    const mac = Object.assign(new FixtureHost(), { platform: 'darwin', uid: 501, supported: { ok: false, reason: 'cgroup v2 is a part of Linux, and this is darwin', fix: 'run on Linux' } });
    mac.files.clear();
    const { level, found } = look(mac);
    expect([level, names(found)]).toEqual(['none', ['platform']]);
    expect(found.platform).toMatchObject({ fix: 'run on Linux', lowersTo: 'none' });
  });
});

describe('preflight', () => {
  it('looks at this host, and lowers nothing that it could not name', () => {
    const findings = preflight();
    expect(findings.map(({ check }) => check)).toEqual(findingNames);
    expect(['kernel', 'polling', 'none']).toContain(levelOf(findings));
  });

  it.each([
    [{ cgroup: '' }, "'cgroup'"],
    [{ cgroup: 7 }, "'cgroup'"],
    [{ name: 'a/b' }, "'name'"],
    [{ name: 'supervisor' }, "'name'"],
    [{ nam: 'x' }, "did you mean 'name'?"],
    [null, 'to be an object'],
  ])('refuses %j', (options, message) => {
    expect(errorOf(() => preflight(options as PreflightOptions))).toMatchObject({ code: 'ERR_SPILLWAY_INVALID_OPTION', message: expect.stringContaining(message) as string });
  });
});

test('levelOf is the lowest that is named', () => {
  const finding = (lowersTo?: 'polling' | 'none'): Finding => ({ check: 'base', severity: 'error', message: '.', ...(lowersTo && { lowersTo }) });
  expect(levelOf([])).toBe('kernel');
  expect(levelOf([finding()])).toBe('kernel');
  expect(levelOf([finding('polling'), finding()])).toBe('polling');
  expect(levelOf([finding('none'), finding('polling')])).toBe('none');
});
