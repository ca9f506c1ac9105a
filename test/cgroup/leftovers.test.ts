import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Cgroup } from '../../lib/cgroup/cgroup';
import { seeToLeftovers } from '../../lib/cgroup/leftovers';
import { describeReal, useFixtureHierarchy, useRealCgroups } from '../support/fixture-pool';
import { reactorCount } from '../support/process-resources';

const isRunning = (pid: number): boolean => existsSync(`/proc/${pid}`) && !/^State:\tZ/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));

describe('in a fixture', () => {
  const hierarchy = useFixtureHierarchy();
  let pool: Cgroup;
  let leaf: Cgroup;
  const setPopulated = (populated: 0 | 1, ...cgroups: Cgroup[]): void => {
    for (const { directory } of cgroups) writeFileSync(join(directory, 'cgroup.events'), `populated ${populated}\nfrozen 0\n`);
  };
  beforeEach(() => {
    pool = new Cgroup(join(hierarchy.base, 'pool'));
    leaf = pool.child('group').child('leaf');
    for (const cgroup of [pool, pool.child('group'), leaf, pool.child('group').child('empty'), pool.child('deserted'), pool.child('deserted').child('empty')]) cgroup.create();
  });
  const names = (): string[] => pool.children().flatMap((group) => [group.name, ...group.children().map(({ name }) => `${group.name}/${name}`)]).sort();
  /** What the write to cgroup.kill does; it is not asked for anything else. */
  const onKill = (then: () => void): jest.SpyInstance =>
    jest.spyOn(pool, 'write').mockImplementation((file, value) => {
      expect([file, value]).toEqual(['cgroup.kill', '1']);
      then();
    });

  it.each(['kill', 'adopt'] as const)("removes groups and leaves without processes, and kills nobody: '%s'", async (leftovers) => {
    const kill = onKill(() => undefined);
    expect(await seeToLeftovers(pool, leftovers)).toEqual([]);
    expect([kill.mock.calls, names(), pool.exists()]).toEqual([[], [], true]);
  });

  it.each(['kill', 'adopt'] as const)("of a new pool there are none: '%s'", async (leftovers) => {
    const fresh = new Cgroup(join(hierarchy.base, 'fresh'));
    fresh.create();
    expect(await seeToLeftovers(fresh, leftovers)).toEqual([]);
  });

  it("'kill' ends what runs there, and waits for it", async () => {
    setPopulated(1, pool, pool.child('group'), leaf);
    const kill = onKill(() => {
      setTimeout(() => {
        expect(names()).toContain('group/leaf');
        setPopulated(0, leaf, pool.child('group'), pool);
      }, 5);
    });
    expect(await seeToLeftovers(pool, 'kill')).toEqual([]);
    expect([kill.mock.calls.length, names()]).toEqual([1, []]);
  });

  it("'adopt' keeps the leaves in which processes live on, and nothing else", async () => {
    setPopulated(1, pool, pool.child('group'), leaf);
    const kill = onKill(() => undefined);
    expect((await seeToLeftovers(pool, 'adopt')).map(({ directory }) => directory)).toEqual([leaf.directory]);
    expect([kill.mock.calls, names()]).toEqual([[], ['group', 'group/leaf']]);
  });

  it('tells of those that were killed and do not die, and leaves no watch', async () => {
    setPopulated(1, pool, pool.child('group'), leaf);
    writeFileSync(join(leaf.directory, 'cgroup.procs'), [11, 12, 13, 14, 15, 16, 17, 18, 19].join('\n'));
    onKill(() => undefined);
    jest.spyOn(AbortSignal, 'timeout').mockReturnValue(AbortSignal.abort(new DOMException('too long', 'TimeoutError')));
    await expect(seeToLeftovers(pool, 'kill')).rejects.toMatchObject({
      code: 'ERR_SPILLWAY_CGROUP_BUSY',
      message: expect.stringMatching(/left in the pool ".*\/pool" were killed and do not die \(11, 12, 13, 14, 15, 16, 17, 18\); /) as string,
    });
    expect([names().includes('group/leaf'), reactorCount()]).toEqual([true, 0]);
  });

  it('is content when they died in the very moment in which it gave up', async () => {
    setPopulated(1, pool, pool.child('group'), leaf);
    onKill(() => undefined);
    jest.spyOn(AbortSignal, 'timeout').mockReturnValue(AbortSignal.abort(new DOMException('too long', 'TimeoutError')));
    let looks = 0;
    const populated = pool.populated.bind(pool);
    jest.spyOn(pool, 'populated').mockImplementation(() => {
      if (++looks === 3) setPopulated(0, leaf, pool.child('group'), pool);
      return populated();
    });
    expect(await seeToLeftovers(pool, 'kill')).toEqual([]);
    expect(names()).toEqual([]);
  });

  it('hands on what the write to cgroup.kill throws', async () => {
    setPopulated(1, pool);
    onKill(() => { throw new Error('no permission'); });
    await expect(seeToLeftovers(pool, 'kill')).rejects.toThrow('no permission');
  });
});

describeReal('in the kernel', () => {
  const real = useRealCgroups();
  const make = (): { pool: Cgroup; leaf: Cgroup; empty: Cgroup; below: Cgroup } => {
    const pool = real.make();
    const group = pool.child('group');
    const [leaf, empty] = [group.child('leaf'), group.child('empty')];
    const below = leaf.child('below');
    for (const cgroup of [group, leaf, empty, below]) cgroup.create();
    return { pool, leaf, empty, below };
  };

  it("'kill' leaves no process and no cgroup, however deep", async () => {
    const { pool, leaf, below } = make();
    const pids = [leaf, below, below].map((cgroup) => real.sleepIn(cgroup).pid ?? 0);
    expect(await seeToLeftovers(pool, 'kill')).toEqual([]);
    expect([pids.filter(isRunning), pool.children()]).toEqual([[], []]);
  });

  it("'adopt' leaves the processes alone, also when they are below the leaf", async () => {
    const { pool, leaf, empty, below } = make();
    const pid = real.sleepIn(below).pid ?? 0;
    expect((await seeToLeftovers(pool, 'adopt')).map(({ directory }) => directory)).toEqual([leaf.directory]);
    expect([isRunning(pid), below.processes(), empty.exists()]).toEqual([true, [pid], false]);
  });
});
