import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { memoryPlace, type MemoryPlace } from '../../lib/cgroup/memory-place';
import { errorOf } from '../support/error-of';
import { mountOf } from '../support/mount-of';
import { dockerHost, dockerPrivate, FixtureHost, hybridHost, systemdHost, top, userScope } from './preflight/fixture-host';

const v2 = (directory: string, ...ancestors: string[]): MemoryPlace => ({ kind: 'v2', directory, ancestors });
const v1 = (directory: string, ...ancestors: string[]): MemoryPlace => ({ kind: 'v1', directory, ancestors });
const host: MemoryPlace = { kind: 'host' };

/** Lets these cgroups of v2 count memory. */
function counting(on: FixtureHost, ...directories: string[]): FixtureHost {
  for (const each of directories) on.put({ [join(each, 'memory.current')]: '1\n', [join(each, 'memory.max')]: 'max\n' });
  return on;
}

/** Cgroups of v1's memory controller; of the innermost one this process is. */
function v1Host(mount: { root?: string; options?: string }, path: string, ...directories: string[]): FixtureHost {
  const on = new FixtureHost().mount(`${top}/memory`, { type: 'cgroup', options: 'rw,memory', ...mount });
  for (const each of directories) {
    on.put({ [join(each, 'cgroup.procs')]: '', [join(each, 'memory.usage_in_bytes')]: '1\n', [join(each, 'memory.limit_in_bytes')]: '9223372036854771712\n' });
  }
  const own = directories.at(-1) ?? '';
  return on.put({ [join(own, 'cgroup.procs')]: '100\n', '/proc/self/cgroup': `9:name=systemd:/x\n4:memory:${path}\n1:cpu:/y\n0::/\n` });
}

describe('the own cgroup', () => {
  const user = `${top}/user.slice/user-1000.slice/user@1000.service`;
  const memory = `${top}/memory`;

  it.each<[string, FixtureHost, MemoryPlace]>([
    ['on v2, with all above but the root, which counts none', counting(userScope(true), `${top}/user.slice`, `${top}/user.slice/user-1000.slice`, user, `${user}/app.slice`, `${user}/app.slice/run-u5.scope`),
      v2(`${user}/app.slice/run-u5.scope`, `${user}/app.slice`, user, `${top}/user.slice/user-1000.slice`, `${top}/user.slice`)],
    ['that the controller is not enabled for: the next above', counting(userScope(true), `${top}/user.slice`, `${top}/user.slice/user-1000.slice`), v2(`${top}/user.slice/user-1000.slice`, `${top}/user.slice`)],
    ['that the controller is enabled for nowhere', userScope(true), host],
    ['that is the root', systemdHost().in('/').cgroup(top, { procs: [100], type: '' }), host],
    ['that is the root of a namespace', counting(dockerPrivate(), top), v2(top)],
    ['of a container without a namespace', counting(dockerHost(), `${top}/system.slice`, `${top}/system.slice/docker-ab12.scope`), v2(`${top}/system.slice/docker-ab12.scope`, `${top}/system.slice`)],
    ['whose sub-tree alone is bound into a container', counting(new FixtureHost().mount('/cg', { root: '/docker/ab' }).in('/docker/ab/in').cgroup('/cg').cgroup('/cg/in', { procs: [100] }), '/cg', '/cg/in'), v2('/cg/in', '/cg')],
    ['under a mount with a blank in its name', counting(new FixtureHost().mount('/my\\040cg').in('/a').cgroup('/my cg/a', { procs: [100] }), '/my cg/a'), v2('/my cg/a')],

    ['on v1', v1Host({}, '/docker/ab', memory, `${memory}/docker`, `${memory}/docker/ab`), v1(`${memory}/docker/ab`, `${memory}/docker`, memory)],
    ['on v1, of several controllers in one hierarchy', v1Host({ options: 'rw,cpu,memory' }, '/a', memory, `${memory}/a`).put({ '/proc/self/cgroup': '4:cpu,memory:/a\n' }), v1(`${memory}/a`, memory)],
    ['on v1, with colons in its name', v1Host({}, '/a:b:c', memory, `${memory}/a:b:c`), v1(`${memory}/a:b:c`, memory)],
    ["on v1, of a container that sees its sub-tree alone", v1Host({ root: '/docker/ab' }, '/docker/ab', memory), v1(memory)],
    ["on v1, within such a container's tree", v1Host({ root: '/docker/ab' }, '/docker/ab/in', memory, `${memory}/in`), v1(`${memory}/in`, memory)],
    ['on v1, in a namespace', v1Host({}, '/', memory), v1(memory)],
    ["on v1, in a namespace with the host's tree bound into it", v1Host({ root: '/../..' }, '/', memory, `${memory}/docker`, `${memory}/docker/ab`), v1(`${memory}/docker/ab`, `${memory}/docker`, memory)],
    ['on v1, deleted', v1Host({}, '/a (deleted)', memory, `${memory}/a`), v1(`${memory}/a`, memory)],
    ['on v1 before Linux 5.11, where a cgroup may not count those below', v1Host({}, '/a/b', memory, `${memory}/a`, `${memory}/a/b`).put({ [`${memory}/memory.use_hierarchy`]: '0\n', [`${memory}/a/memory.use_hierarchy`]: '1\n' }), v1(`${memory}/a/b`, `${memory}/a`)],
    ['on v1 that is mounted nowhere', new FixtureHost().put({ '/proc/self/cgroup': '4:memory:/a\n' }), host],

    ['on a hybrid host with the memory controller on v1', v1Host({}, '/a', memory, `${memory}/a`).mount(`${top}/unified`).root(`${top}/unified`, { procs: [100] }), v1(`${memory}/a`, memory)],
    ['on a hybrid host with the memory controller on v2', counting(hybridHost().put({ '/proc/self/cgroup': '2:name=systemd:/a\n0::/a\n' }).cgroup(`${top}/unified/a`, { procs: [100] }), `${top}/unified/a`), v2(`${top}/unified/a`)],
    ['where there are no cgroups', new FixtureHost(), host],
    ['where /proc tells nothing', new FixtureHost().put({ '/proc/self/cgroup': '', '/proc/self/mountinfo': '' }), host],
    ['where /proc tells garbage', new FixtureHost().put({ '/proc/self/cgroup': ':\n\0:memory\n4:memory', '/proc/self/mountinfo': ' - \n - cgroup x memory\n' }), host],
  ])('%s', (_what, facts, place) => {
    expect(memoryPlace(undefined, facts)).toEqual(place);
  });
});

describe('a given cgroup', () => {
  const a = `${top}/a`;
  it.each<[string, string, FixtureHost, MemoryPlace]>([
    ['of v2', `${a}/b`, counting(new FixtureHost().root(top).cgroup(a).cgroup(`${a}/b`), a, `${a}/b`), v2(`${a}/b`, a)],
    ['with a slash at its end', `${a}/`, counting(new FixtureHost(), a), v2(a)],
    ['of v1', `${top}/memory/a`, v1Host({}, '/a', `${top}/memory`, `${top}/memory/a`), v1(`${top}/memory/a`, `${top}/memory`)],
    ['that is the root of v2: all of the host', top, new FixtureHost().root(top), host],
  ])('%s', (_what, directory, facts, place) => {
    expect(memoryPlace(directory, facts)).toEqual(place);
  });

  it('by a symbolic link, has the ancestors of what the link leads to', () => {
    const facts = counting(new FixtureHost().root(top).cgroup(a).cgroup(`${a}/b`), a, `${a}/b`);
    facts.aliases.set('/run/link', `${a}/b`);
    expect(memoryPlace('/run/link', facts)).toEqual(v2(`${a}/b`, a));
  });

  it('by a link of /proc that leads elsewhere than it reads stays as it is', () => {
    const given = '/proc/7/root/a';
    const facts = counting(new FixtureHost(), given, '/a');
    facts.realPath = (path) => (path === given ? '/a' : path);
    expect(memoryPlace(given, facts)).toEqual(v2(given));
  });
});

describe('what is no cgroup', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'spillway-place-'));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  it.each([
    ['is missing', 'missing', 'ERR_SPILLWAY_CGROUP_NOT_FOUND', /no such directory/],
    ['is a file', 'file', 'ERR_SPILLWAY_NOT_CGROUP2', /not a directory/],
    ['is an ordinary directory', '.', 'ERR_SPILLWAY_NOT_CGROUP2', /no memory\.current/],
  ])('%s', (_what, path, code, message) => {
    writeFileSync(join(folder, 'file'), '');
    expect(errorOf(() => memoryPlace(join(folder, path)))).toMatchObject({ code, message: expect.stringMatching(message) as string });
  });

  const cpu = mountOf('cgroup', 'cpu');
  (cpu !== undefined && cpu !== mountOf('cgroup', 'memory') ? it : it.skip)('is of another controller of v1', () => {
    expect(errorOf(() => memoryPlace(cpu))).toMatchObject({ code: 'ERR_SPILLWAY_CONTROLLER_DISABLED', message: expect.stringMatching(/of the memory controller/) as string });
  });
});

it('finds on this machine what counts this process', () => {
  const place = memoryPlace(undefined);
  if (place.kind === 'host') return;
  expect(memoryPlace(place.directory)).toEqual(place);
  for (const each of place.ancestors) expect(`${place.directory}/`.startsWith(`${each}/`)).toBe(true);
});
