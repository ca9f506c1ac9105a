import { mkdirSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Cgroup } from '../../lib/cgroup/cgroup';
import { cgroupError } from '../../lib/cgroup/cgroup-error';
import { makeBase, type BaseOptions } from '../../lib/cgroup/make-base';
import { hostFacts } from '../../lib/cgroup/preflight/host-facts';
import { errorOf } from '../support/error-of';
import { describeReal, runApart, useFixtureHierarchy, useRealCgroups } from '../support/fixture-pool';

describe('makeBase in a fixture', () => {
  const hierarchy = useFixtureHierarchy();
  const make = (options: Partial<BaseOptions> = {}, path = hierarchy.base): void => {
    const base = new Cgroup(path);
    makeBase(base, base.child('pool'), { moveOthers: false, force: false, ...options });
  };
  const refusal = (options?: Partial<BaseOptions>, path?: string): unknown => errorOf(() => { make(options, path); });
  const put = (file: string, text: string): void => {
    writeFileSync(join(hierarchy.base, file), text);
  };
  const pidsOf = (path = '.'): number[] => readFileSync(join(hierarchy.base, path, 'cgroup.procs'), 'utf8').split('\n').filter(Boolean).map(Number);
  const enabled = (): string => readFileSync(join(hierarchy.base, 'cgroup.subtree_control'), 'utf8').trim();
  const children = (): string[] => readdirSync(hierarchy.base, { withFileTypes: true }).filter((each) => each.isDirectory()).map(({ name }) => name);

  it('enables the memory controller in a base without processes, and makes nothing there', () => {
    make();
    expect([enabled(), children()]).toEqual(['memory', []]);
  });

  it('moves the supervisor aside, alone', () => {
    hierarchy.enter(hierarchy.base);
    make();
    expect([enabled(), pidsOf(), pidsOf('supervisor')]).toEqual(['memory', [], [process.pid]]);
  });

  it('moves it aside also when the base is given by another path', () => {
    hierarchy.enter(hierarchy.base);
    const link = join(dirname(hierarchy.base), 'link');
    symlinkSync(hierarchy.base, link);
    make({}, link);
    expect([enabled(), pidsOf(), pidsOf('supervisor')]).toEqual(['memory', [], [process.pid]]);
  });

  it('leaves it where it is when it is aside already, or elsewhere', () => {
    mkdirSync(join(hierarchy.base, 'supervisor'));
    writeFileSync(join(hierarchy.base, 'supervisor/cgroup.procs'), '');
    hierarchy.enter(join(hierarchy.base, 'supervisor'));
    make();
    expect([enabled(), pidsOf('supervisor')]).toEqual(['memory', [process.pid]]);
  });

  it('does nothing where the controller is enabled already, whoever is there', () => {
    put('cgroup.subtree_control', 'cpu memory\n');
    put('cgroup.controllers', '\n');
    put('cgroup.procs', '11\n');
    make();
    expect([enabled(), pidsOf(), children()]).toEqual(['cpu memory', [11], []]);
  });

  it('refuses a base that holds other processes, and names the first of them and the way out', () => {
    hierarchy.enter(hierarchy.base);
    put('cgroup.procs', [process.pid, 11, 12, 13, 14, 15, 16, 17, 18, 19].map((pid) => `${pid}\n`).join(''));
    expect(refusal()).toMatchObject({
      code: 'ERR_SPILLWAY_CGROUP_BUSY',
      message: expect.stringMatching(/holds 9 other process\(es\) \(11, 12, 13, 14, 15, 16, 17, 18\), .*systemd-run .*option moveOthers$/) as string,
    });
    expect([enabled(), pidsOf().length, children()]).toEqual(['', 10, []]);
  });

  it('with moveOthers moves all of them aside, also those that are born meanwhile', () => {
    hierarchy.enter(hierarchy.base);
    put('cgroup.procs', `11\n${process.pid}\n12\n`);
    const write = jest.spyOn(Cgroup.prototype, 'write');
    const asKernel = write.getMockImplementation();
    let births = 3;
    write.mockImplementation(function (this: Cgroup, file, value) {
      asKernel?.call(this, file, value);
      if (file === 'cgroup.procs' && births-- > 0) put('cgroup.procs', [...pidsOf(), 20 + births].map((pid) => `${pid}\n`).join(''));
    });
    make({ moveOthers: true });
    expect([enabled(), pidsOf(), pidsOf('supervisor').sort((a, b) => a - b)]).toEqual(['memory', [], [11, 12, 20, 21, 22, process.pid].sort((a, b) => a - b)]);
  });

  it('does not run after processes that are born for ever', () => {
    put('cgroup.procs', '11\n');
    const write = jest.spyOn(Cgroup.prototype, 'write');
    write.mockImplementation((file) => {
      if (file === 'cgroup.subtree_control') throw new Error('EBUSY');
    });
    expect(() => { make({ moveOthers: true }); }).toThrow('EBUSY');
    expect(write.mock.calls.length).toBeLessThan(100);
  });

  it.each<[string, number, number[]]>([
    ['goes on when one has ended meanwhile', 3, [12]],
    ['stops when one may not be moved', 1, []],
  ])('%s', (_what, errno, moved) => {
    put('cgroup.procs', '11\n12\n');
    const write = jest.spyOn(Cgroup.prototype, 'write');
    const asKernel = write.getMockImplementation();
    write.mockImplementation(function (this: Cgroup, file, value) {
      if (value !== '11') {
        asKernel?.call(this, file, value);
        return;
      }
      if (errno === 3) put('cgroup.procs', pidsOf().filter((pid) => pid !== 11).map((pid) => `${pid}\n`).join(''));
      throw cgroupError(this.directory, { errno, syscall: 'write', file }, 'move a process into');
    });
    if (errno === 3) make({ moveOthers: true });
    else expect(refusal({ moveOthers: true })).toMatchObject({ code: 'ERR_SPILLWAY_PERMISSION', message: expect.stringContaining('Could not move a process into') as string });
    expect([enabled(), pidsOf('supervisor')]).toEqual([errno === 3 ? 'memory' : '', moved]);
  });

  // Written back, 0 would mean the writer.
  it('refuses processes of another pid namespace, which the kernel shows as 0', () => {
    put('cgroup.procs', '0\n11\n');
    for (const moveOthers of [false, true]) {
      expect(refusal({ moveOthers })).toMatchObject({ code: 'ERR_SPILLWAY_CGROUP_BUSY', message: expect.stringContaining('another pid namespace') as string });
    }
    expect([enabled(), children()]).toEqual(['', []]);
  });

  it('lets processes be in the root of the hierarchy, which has no cgroup.type', () => {
    put('cgroup.procs', '11\n12\n');
    rmSync(join(hierarchy.base, 'cgroup.type'));
    make();
    expect([enabled(), pidsOf(), children()]).toEqual(['memory', [11, 12], []]);
  });

  it('moves nobody when the controller is not available anyhow', () => {
    hierarchy.enter(hierarchy.base);
    put('cgroup.controllers', 'cpu pids\n');
    expect(refusal()).toMatchObject({ code: 'ERR_SPILLWAY_CONTROLLER_DISABLED' });
    expect([enabled(), pidsOf(), children()]).toEqual(['', [process.pid], []]);
  });

  describe('from inside the pool', () => {
    const enterPool = (path: string): void => {
      mkdirSync(join(hierarchy.base, path), { recursive: true });
      writeFileSync(join(hierarchy.base, path, 'cgroup.procs'), '');
      hierarchy.enter(join(hierarchy.base, path));
    };

    it.each(['pool', 'pool/group/leaf'])('refuses at %s, forced or not', (path) => {
      enterPool(path);
      for (const force of [false, true]) {
        const message = expect.stringMatching(/The supervisor is inside the pool ".*\/base\/pool" that it would throttle/) as string;
        expect(refusal({ force })).toMatchObject({ code: 'ERR_SPILLWAY_INSIDE_POOL', message });
      }
      expect(enabled()).toBe('');
    });

    it('refuses by whatever path it comes', () => {
      enterPool('pool/leaf');
      const link = join(dirname(hierarchy.base), 'link');
      symlinkSync(hierarchy.base, link);
      expect(refusal({}, link)).toMatchObject({ code: 'ERR_SPILLWAY_INSIDE_POOL' });
    });

    it.each(['pool-two', 'other/pool'])('does not take %s for it', (path) => {
      enterPool(path);
      mkdirSync(join(hierarchy.base, 'pool'));
      make();
      expect(enabled()).toBe('memory');
    });
  });

  describe('where systemd manages cgroups', () => {
    beforeEach(() => {
      const exists = jest.spyOn(hostFacts, 'exists');
      const others = exists.getMockImplementation();
      exists.mockImplementation((path) => path === '/run/systemd/system' || others?.(path) === true);
    });

    it('refuses what was not delegated, touches nothing, and says how to get it', () => {
      hierarchy.enter(hierarchy.base);
      const message = expect.stringMatching(/is systemd's own \(.*\); .*'systemd-run .* Delegate=yes .*force/) as string;
      expect(refusal()).toMatchObject({ code: 'ERR_SPILLWAY_NOT_DELEGATED', message });
      expect([enabled(), pidsOf(), children()]).toEqual(['', [process.pid], []]);
    });

    it('refuses it also where the controller is enabled already', () => {
      put('cgroup.subtree_control', 'memory\n');
      expect(refusal()).toMatchObject({ code: 'ERR_SPILLWAY_NOT_DELEGATED' });
    });

    it('takes it when it is told to, or has been given it', () => {
      make({ force: true });
      expect(enabled()).toBe('memory');
      put('cgroup.subtree_control', '\n');
      jest.spyOn(hostFacts, 'attribute').mockImplementation((path, name) => (path === hierarchy.base && name === 'user.delegate' ? '1' : undefined));
      make();
      expect(enabled()).toBe('memory');
    });

    it.each([
      ['is missing', () => join(hierarchy.base, 'missing'), 'ERR_SPILLWAY_CGROUP_NOT_FOUND'],
      ['is no cgroup', () => dirname(hierarchy.base), 'ERR_SPILLWAY_NOT_CGROUP2'],
    ])('says of a base that %s just that', (_what, path, code) => {
      expect(refusal({}, path())).toMatchObject({ code });
    });
  });
});

describeReal('makeBase in a hierarchy without the memory controller', () => {
  const real = useRealCgroups();

  it('does not move a supervisor out of it first', async () => {
    const base = real.make().child('base');
    base.create();
    const printed = await runApart(`
      require('fs').writeFileSync(${JSON.stringify(join(base.directory, 'cgroup.procs'))}, '0');
      const { ownBase } = lib('cgroup/base');
      const { Cgroup } = lib('cgroup/cgroup');
      const { makeBase } = lib('cgroup/make-base');
      const base = new Cgroup(ownBase());
      try { makeBase(base, base.child('pool'), { moveOthers: false, force: true }); } catch ({ code }) {
        console.log(code, ownBase() === base.directory, base.children().length, base.processes().length);
      }`);
    expect(printed).toBe('ERR_SPILLWAY_CONTROLLER_DISABLED true 0 1\n');
  });

  it('is not tried from inside the pool', async () => {
    const base = real.make();
    for (const path of ['pool', 'pool/inside']) base.child(path).create();
    const printed = await runApart(`
      require('fs').writeFileSync(${JSON.stringify(join(base.directory, 'pool/inside/cgroup.procs'))}, '0');
      const { Cgroup } = lib('cgroup/cgroup');
      const { makeBase } = lib('cgroup/make-base');
      const base = new Cgroup(${JSON.stringify(base.directory)});
      try { makeBase(base, base.child('pool'), { moveOthers: false, force: true }); } catch ({ code }) { console.log(code); }`);
    expect(printed).toBe('ERR_SPILLWAY_INSIDE_POOL\n');
  });
});
