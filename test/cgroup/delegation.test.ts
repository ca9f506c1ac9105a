import { delegationOf, topOf } from '../../lib/cgroup/delegation';
import { dockerPrivate, FixtureHost, systemdHost, systemService, top, userScope } from './preflight/fixture-host';

const scope = `${top}/user.slice/user-1000.slice/user@1000.service/app.slice/run-u5.scope`;
const service = `${top}/system.slice/jobs.service`;

describe('delegationOf', () => {
  it('without systemd nobody else manages the tree', () => {
    expect(delegationOf(top, dockerPrivate())).toEqual({ kind: 'unmanaged', why: 'no systemd manages cgroups here' });
  });

  it.each(['user.delegate', 'trusted.delegate'])('a service with the attribute %s', (name) => {
    const host = systemService({ delegate: false });
    host.attributes.set(`${service} ${name}`, '1');
    expect(delegationOf(service, host)).toMatchObject({ kind: 'delegated', root: service, unit: 'jobs.service' });
  });

  it('what lies below a delegated one is, too, at any depth and before it is there', () => {
    expect(delegationOf(`${service}/a/b`, systemService())).toMatchObject({ kind: 'delegated', root: service });
  });

  it('an attribute that is not 1 says nothing', () => {
    const host = systemService({ delegate: false });
    host.attributes.set(`${service} user.delegate`, '0');
    expect(delegationOf(service, host).kind).toBe('systemd');
  });

  it("a service without it is systemd's, and is named", () => {
    expect(delegationOf(service, systemService({ delegate: false }))).toEqual({
      kind: 'systemd', unit: 'jobs.service', why: "it belongs to the unit jobs.service, which has no 'Delegate=yes'",
    });
  });

  it.each([top, `${top}/system.slice`])("%s is systemd's: slices cannot be delegated", (directory) => {
    expect(delegationOf(directory, systemService())).toMatchObject({ kind: 'systemd', why: 'it belongs to no unit, so systemd manages it' });
  });

  it('an old systemd, whose attribute only root can read: the unit file tells', () => {
    const host = systemService({ delegate: false }).put({ '/etc/systemd/system/jobs.service': '[Service]\nDelegate=memory pids\n' });
    expect(delegationOf(`${service}/below`, host)).toMatchObject({ kind: 'delegated', root: service });
  });

  describe("below a user's systemd, which was given its cgroup for itself", () => {
    it('a scope with Delegate=yes is delegated, by its transient unit file', () => {
      expect(delegationOf(scope, userScope(true))).toMatchObject({ kind: 'delegated', root: scope, unit: 'run-u5.scope' });
    });

    it('one without is not, although a cgroup above has the attribute', () => {
      expect(delegationOf(scope, userScope(false))).toMatchObject({ kind: 'systemd', unit: 'run-u5.scope' });
    });

    it.each(['', '/app.slice'])('its own cgroups%s are not', (below) => {
      expect(delegationOf(`${top}/user.slice/user-1000.slice/user@1000.service${below}`, userScope(true))).toMatchObject({
        kind: 'systemd', why: "it belongs to a user's systemd (user@1000.service)",
      });
    });

    it('whoever sets the attribute by hand vouches for it', () => {
      const host = userScope(false);
      host.attributes.set(`${scope} user.delegate`, '1');
      expect(delegationOf(scope, host).kind).toBe('delegated');
    });
  });

  it('a unit below the second mount of a hybrid host', () => {
    const unified = `${top}/unified`;
    const host = new FixtureHost({ '/run/systemd/system/nothing': '' }).root(unified).cgroup(`${unified}/system.slice`).cgroup(`${unified}/system.slice/a.service`, { delegate: true });
    expect(delegationOf(`${unified}/system.slice/a.service`, host)).toMatchObject({ kind: 'delegated', unit: 'a.service' });
  });
});

test('topOf stops at the mount', () => {
  expect(topOf(service, systemService())).toBe(top);
  expect(topOf(top, systemdHost())).toBe(top);
  expect(topOf('/', new FixtureHost())).toBe('/');
});
