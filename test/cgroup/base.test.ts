import { findOwnBase, ownBase } from '../../lib/cgroup/base';
import { errorOf } from '../support/error-of';
import { dockerPrivate, FixtureHost, hybridHost, systemService, top, userScope } from './preflight/fixture-host';

const service = `${top}/system.slice/jobs.service`;

describe('the base that auto means', () => {
  it('a delegated unit itself', () => {
    expect(findOwnBase(systemService())).toEqual({ directory: service, own: service, why: 'the cgroup of this process' });
  });

  it('the one above supervisor/, whoever made that', () => {
    const host = systemService({ subgroup: 'supervisor' });
    expect(findOwnBase(host)).toMatchObject({ directory: service, own: `${service}/supervisor` });
    expect(ownBase(new FixtureHost().mount(top).root(top).cgroup(`${top}/supervisor`, { procs: [100] }).in('/supervisor'))).toBe(top);
  });

  it('the unit, when DelegateSubgroup= put this process below it', () => {
    const host = systemService({ subgroup: 'main' });
    expect(findOwnBase(host)).toMatchObject({ directory: service, own: `${service}/main`, why: expect.stringContaining('DelegateSubgroup=') as string });
  });

  it("the same for a user's unit, by its file", () => {
    const path = '/user.slice/user-1000.slice/user@1000.service/app.slice/run-u5.scope';
    const host = userScope(true).cgroup(`${top}${path}/main`, { procs: [100] }).in(`${path}/main`);
    expect(ownBase(host)).toBe(top + path);
  });

  it("but not the cgroup of a user's systemd for a scope directly below it", () => {
    const path = '/user.slice/user-1000.slice/user@1000.service/run-u5.scope';
    expect(ownBase(userScope(true).cgroup(top + path, { procs: [100] }).in(path))).toBe(top + path);
  });

  it('nor the unit for a cgroup two below it, or for one that is marked itself', () => {
    expect(ownBase(systemService({ subgroup: 'a/b' }))).toBe(`${service}/a/b`);
    const host = systemService({ subgroup: 'main' });
    host.attributes.set(`${service}/main user.delegate`, '1');
    expect(ownBase(host)).toBe(`${service}/main`);
  });

  it('nor the one above without delegation', () => {
    expect(ownBase(systemService({ delegate: false, subgroup: 'main' }))).toBe(`${service}/main`);
  });

  it('the root of a cgroup namespace, also where its mount is called supervisor', () => {
    expect(ownBase(dockerPrivate())).toBe(top);
    expect(ownBase(new FixtureHost().mount('/mnt/supervisor').cgroup('/mnt/supervisor', { procs: [100] }).in('/'))).toBe('/mnt/supervisor');
  });

  it('on a hybrid host the cgroup of the v2 hierarchy', () => {
    expect(ownBase(hybridHost().in('/'))).toBe(`${top}/unified`);
  });

  it('none without cgroup v2', () => {
    expect(errorOf(() => ownBase(new FixtureHost()))).toMatchObject({ code: 'ERR_SPILLWAY_NOT_CGROUP2' });
  });
});
