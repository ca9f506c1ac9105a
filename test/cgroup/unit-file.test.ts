import { saysDelegate, unitOf } from '../../lib/cgroup/unit-file';
import { FixtureHost } from './preflight/fixture-host';

describe('unitOf', () => {
  it.each([
    ['/system.slice/a.service', { name: 'a.service', manager: 'system', path: '/system.slice/a.service' }],
    ['/system.slice/a.service/below/b.service', { name: 'a.service', manager: 'system', path: '/system.slice/a.service' }],
    ['/system.slice/system-a.slice/a@1.service', { name: 'a@1.service', manager: 'system', path: '/system.slice/system-a.slice/a@1.service' }],
    ['/init.scope', { name: 'init.scope', manager: 'system', path: '/init.scope' }],
    ['/user.slice/user-7.slice/session-2.scope', { name: 'session-2.scope', manager: 'system', path: '/user.slice/user-7.slice/session-2.scope' }],
    ['/user.slice/user-7.slice/user@7.service', { name: 'user@7.service', manager: 'system', path: '/user.slice/user-7.slice/user@7.service' }],
    ['/user.slice/user@7.service/app.slice/x.scope/sub', { name: 'x.scope', manager: 'user', path: '/user.slice/user@7.service/app.slice/x.scope' }],
    ['/user.slice/user@7.service/init.scope', { name: 'init.scope', manager: 'user', path: '/user.slice/user@7.service/init.scope' }],
    ['/system.slice/_cpu.service', { name: 'cpu.service', manager: 'system', path: '/system.slice/_cpu.service' }],
    ['/system.slice', undefined],
    ['/', undefined],
    ['', undefined],
    ['/by-hand/a.service', undefined],
  ])('of %j', (path, unit) => {
    expect(unitOf(path)).toEqual(unit);
  });
});

describe('saysDelegate', () => {
  const says = (files: Record<string, string>, name = 'a@1.service', manager: 'system' | 'user' = 'system', env: Record<string, string> = {}): boolean => {
    const host = new FixtureHost(files);
    Object.assign(host.environment, env);
    return saysDelegate({ name, manager, path: '' }, host);
  };

  it.each([
    ['yes', true],
    ['true', true],
    ['memory pids', true],
    ['', true],
    ['no', false],
    ['false', false],
    ['0', false],
    [' off', false],
  ])('Delegate=%s: %j', (value, delegates) => {
    expect(says({ '/etc/systemd/system/a@1.service': `[Service]\n#Delegate=yes\nDelegate=${value}\n` })).toBe(delegates);
  });

  it.each([
    ['no file', {}],
    ['a comment', { '/etc/systemd/system/a@1.service': '#Delegate=yes\n; Delegate=yes\n' }],
    ['another key', { '/etc/systemd/system/a@1.service': 'DelegateSubgroup=x\n' }],
    ['another unit', { '/etc/systemd/system/b.service': 'Delegate=yes\n' }],
    ["a user's file for a system unit", { '/etc/systemd/user/a@1.service': 'Delegate=yes\n' }],
  ])('%s: false', (_what, files) => {
    expect(says(files)).toBe(false);
  });

  it('a template, and drop-ins, of which the last word counts', () => {
    expect(says({ '/usr/lib/systemd/system/a@.service': 'Delegate=yes\n' })).toBe(true);
    expect(says({ '/usr/lib/systemd/system/a@.service': 'Delegate=yes\n', '/etc/systemd/system/a@.service.d/no.conf': 'Delegate=no\n' })).toBe(false);
    expect(says({ '/run/systemd/transient/a@1.service.d/50-Delegate.conf': 'Delegate=yes\n' })).toBe(true);
    expect(says({ '/run/systemd/transient/a@1.service.d/readme': 'Delegate=yes\n' })).toBe(false);
  });

  it("a user's own units", () => {
    const env = { HOME: '/home/me', XDG_RUNTIME_DIR: '/run/user/7' };
    expect(says({ '/home/me/.config/systemd/user/a.service': 'Delegate=yes\n' }, 'a.service', 'user', env)).toBe(true);
    expect(says({ '/home/me/own/systemd/user/a.service': 'Delegate=yes\n' }, 'a.service', 'user', { ...env, XDG_CONFIG_HOME: '/home/me/own' })).toBe(true);
    expect(says({ '/run/user/7/systemd/transient/a.scope': 'Delegate=yes\n' }, 'a.scope', 'user', env)).toBe(true);
    expect(says({ '/run/user/7/systemd/transient/a.scope': 'Delegate=yes\n' }, 'a.scope', 'user')).toBe(false);
  });
});
