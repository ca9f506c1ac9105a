import { existsSync } from 'node:fs';
import { Cgroup } from '../../../lib/cgroup/cgroup';
import { killNow } from '../../../lib/supervisor/containment/kill-now';
import { runs } from '../../support/containment';
import { describeReal, useRealCgroups } from '../../support/fixture-pool';

describeReal('killNow()', () => {
  const real = useRealCgroups();
  let pool: Cgroup;
  const leaf = (name: string): Cgroup => {
    const cgroup = pool.child(name);
    cgroup.create();
    return cgroup;
  };
  beforeEach(() => {
    pool = real.make();
  });
  afterEach(() => {
    jest.restoreAllMocks();
    killNow(pool);
  });

  it('kills all that is below, however deep, before it returns, and removes it', () => {
    const group = leaf('group');
    const sleepers = ['group/a', 'group/b', 'group/b/own'].map((name) => real.sleepIn(leaf(name)));
    killNow(pool);
    expect([sleepers.filter(({ pid = 0 }) => runs(pid)), pool.children(), existsSync(group.directory)]).toEqual([[], [], false]);
    expect(pool.exists()).toBe(true);
  });

  it('removes what nobody is in without a kill', () => {
    leaf('empty');
    const write = jest.spyOn(Cgroup.prototype, 'write');
    killNow(pool);
    // Nothing more was asked of it than to be empty.
    expect([write.mock.calls, pool.populated()]).toEqual([[], false]);
  });

  it('one that comes in between the kill and the removal is killed too', () => {
    const first = leaf('group');
    const sleepers = [real.sleepIn(first)];
    jest.spyOn(Cgroup.prototype, 'remove').mockImplementationOnce(function (this: Cgroup) {
      sleepers.push(real.sleepIn(this));
      this.remove();
    });
    killNow(pool);
    expect([sleepers.map(({ pid = 0 }) => runs(pid)), pool.children()]).toEqual([[false, false], []]);
  });

  it('gives up, with an end, when the kernel does not let go of them', () => {
    const group = leaf('group');
    const sleeper = real.sleepIn(group);
    const wait = jest.spyOn(Atomics, 'wait').mockReturnValue('timed-out');
    jest.spyOn(Cgroup.prototype, 'write').mockImplementation(() => undefined);
    expect(() => { killNow(pool); }).not.toThrow();
    expect([runs(sleeper.pid ?? 0), group.exists(), wait.mock.calls.length]).toEqual([true, true, 1000]);
  });

  it('says so when it may not kill', () => {
    real.sleepIn(leaf('group'));
    jest.spyOn(Cgroup.prototype, 'write').mockImplementationOnce(() => { throw new Error('not permitted'); });
    expect(() => { killNow(pool); }).toThrow('not permitted');
  });

  it('of a pool that somebody has removed there is nothing to kill', () => {
    pool.remove();
    killNow(pool);
    expect(pool.exists()).toBe(false);
  });
});
