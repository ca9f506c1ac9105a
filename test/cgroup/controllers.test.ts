import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Cgroup } from '../../lib/cgroup/cgroup';
import { checkAvailable, enableController, isEnabled } from '../../lib/cgroup/controllers';
import { errorOf } from '../support/error-of';
import { describeReal, useFixtureHierarchy, useRealCgroups } from '../support/fixture-pool';

describe('in a fixture', () => {
  const hierarchy = useFixtureHierarchy();
  let base: Cgroup;
  beforeEach(() => {
    base = new Cgroup(hierarchy.base);
  });
  const has = (file: string, text: string): void => {
    writeFileSync(join(hierarchy.base, file), text);
  };
  const enabled = (): string => readFileSync(join(hierarchy.base, 'cgroup.subtree_control'), 'utf8');

  it('enables one after the other, each once', () => {
    const write = jest.spyOn(base, 'write');
    for (const controller of ['memory', 'pids', 'memory', 'cpu'] as const) enableController(base, controller);
    expect(enabled()).toBe('memory pids cpu\n');
    expect(write.mock.calls).toEqual([['cgroup.subtree_control', '+memory'], ['cgroup.subtree_control', '+pids'], ['cgroup.subtree_control', '+cpu']]);
  });

  it.each([
    ['', false],
    ['\n', false],
    ['memory\n', true],
    ['cpu io memory pids\n', true],
    ['cpuset hugetlb\n', false],
    ['memoryless amemory\n', false],
  ])('cgroup.subtree_control %j: memory is enabled: %s', (text, is) => {
    has('cgroup.subtree_control', text);
    expect(isEnabled(base, 'memory')).toBe(is);
  });

  it('does not confuse cpu with cpuset', () => {
    has('cgroup.controllers', 'cpuset memory\n');
    expect(errorOf(() => { checkAvailable(base, 'cpu'); })).toMatchObject({ code: 'ERR_SPILLWAY_CONTROLLER_DISABLED' });
  });

  it('says which one is not available, where, and what to do, and writes nothing', () => {
    has('cgroup.controllers', 'cpu memory\n');
    const message = `The pids controller is not available in the cgroup "${hierarchy.base}"; write '+pids' to cgroup.subtree_control of its parent`;
    expect(errorOf(() => { enableController(base, 'pids'); })).toMatchObject({
      code: 'ERR_SPILLWAY_CONTROLLER_DISABLED', message: expect.stringContaining(message) as string,
    });
    expect(enabled()).toBe('\n');
  });

  it('asks for nothing where it is enabled already, whatever is available by now', () => {
    has('cgroup.controllers', '\n');
    has('cgroup.subtree_control', 'memory\n');
    enableController(base, 'memory');
  });

  it('tells of a cgroup that is gone, or none', () => {
    expect(errorOf(() => { enableController(base.child('gone'), 'memory'); })).toMatchObject({ code: 'ERR_SPILLWAY_CGROUP_NOT_FOUND' });
    mkdirSync(join(hierarchy.base, 'folder'));
    expect(errorOf(() => isEnabled(base.child('folder'), 'memory'))).toMatchObject({ code: 'ERR_SPILLWAY_NOT_CGROUP2' });
    rmSync(join(hierarchy.base, 'cgroup.controllers'));
    expect(errorOf(() => { enableController(base, 'memory'); })).toMatchObject({ code: 'ERR_SPILLWAY_NOT_CGROUP2' });
  });
});

describeReal('in the kernel', () => {
  const real = useRealCgroups();

  it('what a parent does not hand on is not available, and not enabled', () => {
    const inner = real.make().child('inner');
    inner.create();
    for (const controller of ['cpu', 'memory', 'pids'] as const) {
      expect(isEnabled(inner, controller)).toBe(false);
      expect(errorOf(() => { enableController(inner, controller); })).toMatchObject({ code: 'ERR_SPILLWAY_CONTROLLER_DISABLED' });
    }
  });
});
