import { chmodSync, existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Cgroup } from '../../lib/cgroup/cgroup';
import { PoolTree, type PoolTreeOptions } from '../../lib/cgroup/pool-tree';
import { native } from '../../lib/native';
import { errorOf } from '../support/error-of';
import { describeReal, runApart, useFixtureHierarchy, useRealCgroups } from '../support/fixture-pool';
import { openFiles } from '../support/process-resources';

const options: PoolTreeOptions = {
  name: 'pool', limits: { highBytes: 1000, maxBytes: Infinity, swapMaxBytes: 0 }, leftovers: 'kill', moveOthers: false, force: true, runId: 'a1b2',
};
/** As source text: JSON has no Infinity. */
const optionsText = JSON.stringify({ ...options, limits: { ...options.limits, maxBytes: 2 ** 40 } });

describe('PoolTree in a fixture', () => {
  const hierarchy = useFixtureHierarchy();
  const make = (more: Partial<PoolTreeOptions> = {}): Promise<PoolTree> => PoolTree.create(new Cgroup(hierarchy.base), { ...options, ...more });
  const text = (...path: string[]): string => readFileSync(join(hierarchy.base, ...path), 'utf8').trim();
  const exists = (...path: string[]): boolean => existsSync(join(hierarchy.base, ...path));
  const openHere = (): string[] => openFiles().filter((name) => name.startsWith(hierarchy.base));

  it('makes the pool with its limits, and groups as they are asked for, all with the controller for what is below', async () => {
    const tree = await make();
    expect([tree.base.directory, tree.pool.directory]).toEqual([hierarchy.base, join(hierarchy.base, 'pool')]);
    expect(['memory.high', 'memory.max', 'memory.swap.max'].map((file) => text('pool', file))).toEqual(['1000', 'max', '0']);
    expect(tree.pool.children()).toEqual([]);
    expect(tree.group('default').directory).toBe(join(hierarchy.base, 'pool/default'));
    expect(tree.group('default').directory).toBe(join(hierarchy.base, 'pool/default'));
    expect([text('cgroup.subtree_control'), text('pool/cgroup.subtree_control'), text('pool/default/cgroup.subtree_control')]).toEqual(
      ['memory', 'memory', 'memory'],
    );
    expect([openHere().length, tree.adopted]).toEqual([1, []]);
    tree.remove();
    expect(exists('pool')).toBe(false);
    expect(openHere()).toEqual([]);
    tree.remove();
  });

  it('gives each leaf a name of its own, with the run in it, and leaves it to be made', async () => {
    const tree = await make();
    const leaves = [tree.newLeaf('a'), tree.newLeaf('b'), tree.newLeaf('a')];
    expect(leaves.map(({ directory }) => directory.slice(hierarchy.base.length))).toEqual(['/pool/a/a1b2-1', '/pool/b/a1b2-2', '/pool/a/a1b2-3']);
    expect([leaves.some((leaf) => leaf.exists()), exists('pool/a'), exists('pool/b')]).toEqual([false, true, true]);
    tree.remove();
  });

  it('enables more controllers on the way to a group, and nowhere else', async () => {
    const tree = await make();
    tree.group('other');
    tree.enable('pids', 'group');
    tree.enable('pids', 'group');
    tree.enable('cpu', 'other');
    expect(['.', 'pool', 'pool/group', 'pool/other'].map((path) => text(path, 'cgroup.subtree_control'))).toEqual(
      ['memory pids cpu', 'memory pids cpu', 'memory pids', 'memory cpu'],
    );
    tree.remove();
  });

  it('tells of a controller that was not handed on', async () => {
    const tree = await make();
    writeFileSync(join(hierarchy.base, 'cgroup.controllers'), 'memory\n');
    expect(errorOf(() => { tree.enable('pids', 'group'); })).toMatchObject({ code: 'ERR_SPILLWAY_CONTROLLER_DISABLED' });
    expect(text('pool/cgroup.subtree_control')).toBe('memory');
    tree.remove();
  });

  it('says what reclaim spares of a group, and of the pool', async () => {
    const tree = await make();
    tree.protect('memory.low', 'group', 5000, 12_000);
    tree.protect('memory.min', 'group', 1, 2);
    expect(['memory.low', 'memory.min'].map((file) => [text('pool', file), text('pool/group', file)])).toEqual([['12000', '5000'], ['2', '1']]);
    tree.remove();
  });

  it('does without memory.swap.max where the kernel has none', async () => {
    hierarchy.without = ['memory.swap.max'];
    const tree = await make();
    expect(exists('pool/memory.swap.max')).toBe(false);
    tree.remove();
  });

  it('refuses a name in use by this process, touches nothing, and takes it when it is free', async () => {
    const first = await make();
    writeFileSync(join(first.group('default').directory, 'mark'), '');
    await expect(make()).rejects.toMatchObject({ code: 'ERR_SPILLWAY_NAME_IN_USE', message: expect.stringContaining('another name than "pool"') as string });
    expect([exists('pool/default/mark'), text('pool/memory.high')]).toEqual([true, '1000']);
    const other = await make({ name: 'other' });
    first.remove();
    const second = await make();
    second.remove();
    other.remove();
    expect(openHere()).toEqual([]);
  });

  describe('of a dead owner', () => {
    const leave = async (): Promise<PoolTree> => {
      const dead = await make();
      dead.newLeaf('default').create();
      writeFileSync(join(dead.pool.directory, 'cgroup.events'), 'populated 1\n');
      writeFileSync(join(dead.pool.directory, 'default/a1b2-1/cgroup.events'), 'populated 1\n');
      jest.spyOn(native(), 'lockFile').mockReturnValueOnce(undefined);
      return dead;
    };

    it('ends what it has left', async () => {
      const dead = await leave();
      const write = jest.spyOn(Cgroup.prototype, 'write').mockImplementationOnce((file, value) => {
        expect([file, value]).toEqual(['cgroup.kill', '1']);
        writeFileSync(join(dead.pool.directory, 'cgroup.events'), 'populated 0\n');
        writeFileSync(join(dead.pool.directory, 'default/a1b2-1/cgroup.events'), 'populated 0\n');
      });
      const tree = await make({ runId: 'c3d4' });
      expect(write).toHaveBeenCalled();
      expect([exists('pool/default'), tree.adopted]).toEqual([false, []]);
      tree.remove();
      dead.remove();
    });

    it('adopts it instead, and gives it the limits of now', async () => {
      const dead = await leave();
      const tree = await make({ leftovers: 'adopt', runId: 'c3d4', limits: { highBytes: 500, maxBytes: 600, swapMaxBytes: 0 } });
      expect(tree.adopted.map(({ directory }) => directory)).toEqual([join(hierarchy.base, 'pool/default/a1b2-1')]);
      expect(['memory.high', 'memory.max'].map((file) => text('pool', file))).toEqual(['500', '600']);
      expect(tree.newLeaf('default').name).toBe('c3d4-1');
      writeFileSync(join(dead.pool.directory, 'cgroup.events'), 'populated 0\n');
      tree.remove();
      dead.remove();
    });

    it('gives up the lock, and takes nothing away from what lives on, when a later step fails', async () => {
      const dead = await leave();
      jest.spyOn(Cgroup.prototype, 'writeInBackground').mockRejectedValueOnce(new Error('later step'));
      await expect(make({ leftovers: 'adopt' })).rejects.toThrow('later step');
      expect([exists('pool/default/a1b2-1'), openHere().length]).toEqual([true, 1]);
      writeFileSync(join(dead.pool.directory, 'cgroup.events'), 'populated 0\n');
      dead.remove();
    });
  });

  it('undoes all when a later step fails', async () => {
    jest.spyOn(Cgroup.prototype, 'writeInBackground').mockRejectedValueOnce(new Error('later step'));
    await expect(make()).rejects.toThrow('later step');
    expect(exists('pool')).toBe(false);
    expect(openHere()).toEqual([]);
  });

  it('undoes all when it runs out of descriptors', async () => {
    jest.spyOn(Cgroup.prototype, 'writeInBackground').mockRejectedValueOnce(new Error('EMFILE'));
    jest.spyOn(Cgroup.prototype, 'children').mockReturnValueOnce([]).mockImplementation(() => { throw new Error('EMFILE'); });
    await expect(make()).rejects.toThrow('EMFILE');
    expect([exists('pool'), openHere()]).toEqual([false, []]);
  });

  it('undoes all when a limit does not read back, and tells that error even if the pool cannot be removed', async () => {
    jest.spyOn(Cgroup.prototype, 'writeInBackground').mockResolvedValue();
    await expect(make()).rejects.toMatchObject({ code: 'ERR_SPILLWAY_LIMIT_NOT_SET', message: expect.stringContaining('Wrote 1000 to memory.high') as string });
    expect([exists('pool'), openHere()]).toEqual([false, []]);
    jest.spyOn(Cgroup.prototype, 'remove').mockImplementationOnce(() => { throw new Error('somebody moved in'); });
    await expect(make()).rejects.toMatchObject({ code: 'ERR_SPILLWAY_LIMIT_NOT_SET' });
    expect(openHere()).toEqual([]);
  });

  it('refuses a kernel without cgroup.kill, before anything that needs it', async () => {
    hierarchy.without = ['cgroup.kill'];
    await expect(make()).rejects.toMatchObject({ code: 'ERR_SPILLWAY_KERNEL_TOO_OLD', message: expect.stringContaining('Linux 5.14') as string });
    expect([exists('pool'), openHere()]).toEqual([false, []]);
    const pool = new Cgroup(join(hierarchy.base, 'pool'));
    pool.create();
    writeFileSync(join(pool.directory, 'cgroup.events'), 'populated 1\n');
    await expect(make()).rejects.toMatchObject({ code: 'ERR_SPILLWAY_KERNEL_TOO_OLD' });
    expect([exists('pool'), openHere()]).toEqual([true, []]);
  });

  it('gives up the lock also when the pool cannot be removed', async () => {
    const tree = await make();
    jest.spyOn(Cgroup.prototype, 'remove').mockImplementationOnce(() => { throw new Error('somebody moved in'); });
    expect(() => { tree.remove(); }).toThrow('somebody moved in');
    expect(openHere()).toEqual([]);
    (await make()).remove();
  });

  it('refuses a base that holds processes, and names them', async () => {
    writeFileSync(join(hierarchy.base, 'cgroup.procs'), '11\n12\n');
    const message = expect.stringMatching(/holds 2 other process\(es\) \(11, 12\)/) as string;
    await expect(make()).rejects.toMatchObject({ code: 'ERR_SPILLWAY_CGROUP_BUSY', message });
    expect(text('cgroup.subtree_control')).toBe('');
  });

  it('lets processes be in the root of the hierarchy', async () => {
    writeFileSync(join(hierarchy.base, 'cgroup.procs'), '11\n12\n');
    rmSync(join(hierarchy.base, 'cgroup.type'));
    (await make()).remove();
  });
});

describe('PoolTree refuses', () => {
  const folder = mkdtempSync(join(tmpdir(), 'spillway-no-pool-'));
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  it.each([
    ['a base that is missing', join(folder, 'missing'), 'ERR_SPILLWAY_CGROUP_NOT_FOUND'],
    ['a plain folder', folder, 'ERR_SPILLWAY_NOT_CGROUP2'],
    ['a file', __filename, 'ERR_SPILLWAY_NOT_CGROUP2'],
  ])('%s', async (_what, base, code) => {
    await expect(PoolTree.create(new Cgroup(base), options)).rejects.toMatchObject({ code });
    expect(readdirSync(folder)).toEqual([]);
  });
});

describeReal('PoolTree in a hierarchy without the memory controller', () => {
  const real = useRealCgroups();

  it('says so, and leaves nothing behind', async () => {
    const base = real.make().child('base');
    base.create();
    const message = expect.stringContaining(`not available in the cgroup "${base.directory}"`) as string;
    await expect(PoolTree.create(base, options)).rejects.toMatchObject({ code: 'ERR_SPILLWAY_CONTROLLER_DISABLED', message });
    expect(base.children()).toEqual([]);
  });

  it('does not move a supervisor out of it first', async () => {
    const base = real.make().child('base');
    base.create();
    const printed = await runApart(`
      require('fs').writeFileSync(${JSON.stringify(join(base.directory, 'cgroup.procs'))}, '0');
      const { ownBase } = lib('cgroup/base');
      const { Cgroup } = lib('cgroup/cgroup');
      const base = new Cgroup(ownBase());
      const { code } = await lib('cgroup/pool-tree').PoolTree.create(base, ${optionsText}).catch((error) => error);
      console.log(code, ownBase() === base.directory, base.children().length);`);
    expect(printed).toBe('ERR_SPILLWAY_CONTROLLER_DISABLED true 0\n');
  });

  it('is not tried from inside the pool', async () => {
    const base = real.make();
    base.child('pool').create();
    base.child('pool').child('inside').create();
    const printed = await runApart(`
      require('fs').writeFileSync(${JSON.stringify(join(base.directory, 'pool/inside/cgroup.procs'))}, '0');
      const { Cgroup } = lib('cgroup/cgroup');
      const error = await lib('cgroup/pool-tree').PoolTree.create(new Cgroup(${JSON.stringify(base.directory)}), ${optionsText}).catch((each) => each);
      console.log(error.code);`);
    expect(printed).toBe('ERR_SPILLWAY_INSIDE_POOL\n');
  });

  (process.getuid?.() === 0 ? it : it.skip)('tells another user that permission is missing', async () => {
    const base = real.make();
    chmodSync(join(base.directory, 'cgroup.subtree_control'), 0o600);
    const printed = await runApart(`
      const { Cgroup } = lib('cgroup/cgroup');
      const { PoolTree } = lib('cgroup/pool-tree');
      process.setgid(65534); process.setuid(65534);
      const error = await PoolTree.create(new Cgroup(${JSON.stringify(base.directory)}), ${optionsText}).catch((each) => each);
      console.log(error.code);`);
    expect(printed).toBe('ERR_SPILLWAY_PERMISSION\n');
  });
});
