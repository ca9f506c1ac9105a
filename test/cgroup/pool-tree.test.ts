import { spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Cgroup } from '../../lib/cgroup/cgroup';
import { createPoolTree } from '../../lib/cgroup/pool-tree';
import { native } from '../../lib/native';
import { describeReal, end, runApart, useFixtureHierarchy, useRealCgroups } from '../support/fixture-pool';
import { openFiles } from '../support/process-resources';

const limits = { highBytes: 1000, maxBytes: Infinity, swapMaxBytes: 0 };

describe('createPoolTree in a fixture', () => {
  const hierarchy = useFixtureHierarchy();
  const make = (name = 'pool') => createPoolTree(new Cgroup(hierarchy.base), name, limits);
  const text = (...path: string[]): string => readFileSync(join(hierarchy.base, ...path), 'utf8').trim();
  const openHere = (): string[] => openFiles().filter((name) => name.startsWith(hierarchy.base));

  it('makes the pool with its limits, and a group, both with the controller for what is below', async () => {
    const tree = await make();
    expect(tree.pool.directory).toBe(join(hierarchy.base, 'pool'));
    expect(tree.group.directory).toBe(join(hierarchy.base, 'pool/default'));
    expect(['memory.high', 'memory.max', 'memory.swap.max'].map((file) => text('pool', file))).toEqual(['1000', 'max', '0']);
    expect([text('cgroup.subtree_control'), text('pool/cgroup.subtree_control'), text('pool/default/cgroup.subtree_control')]).toEqual(
      ['memory', 'memory', 'memory'],
    );
    expect(openHere()).toHaveLength(1);
    await tree.remove();
    expect(existsSync(tree.pool.directory)).toBe(false);
    expect(openHere()).toEqual([]);
  });

  it('does without memory.swap.max where the kernel has none', async () => {
    hierarchy.without = ['memory.swap.max'];
    const tree = await make();
    expect(existsSync(join(tree.pool.directory, 'memory.swap.max'))).toBe(false);
    await tree.remove();
  });

  it('refuses a name in use by this process, touches nothing, and takes it when it is free', async () => {
    const first = await make();
    writeFileSync(join(first.group.directory, 'mark'), '');
    await expect(make()).rejects.toMatchObject({ code: 'ERR_SPILLWAY_NAME_IN_USE', message: expect.stringContaining('another name than "pool"') as string });
    expect(existsSync(join(first.group.directory, 'mark'))).toBe(true);
    const other = await make('other');
    await first.remove();
    const second = await make();
    await Promise.all([second.remove(), other.remove()]);
    expect(openHere()).toEqual([]);
  });

  it('refuses a name in use by another process, until that one ends', async () => {
    mkdirSync(join(hierarchy.base, 'pool'));
    writeFileSync(join(hierarchy.base, 'pool/cgroup.events'), 'populated 0\n');
    const owner = spawn('flock', ['-x', join(hierarchy.base, 'pool'), '-c', 'echo locked; exec sleep 600'], { stdio: ['ignore', 'pipe', 'ignore'], detached: true });
    try {
      await new Promise((resolve) => owner.stdout.once('data', resolve));
      await expect(make()).rejects.toMatchObject({ code: 'ERR_SPILLWAY_NAME_IN_USE' });
      expect(readdirSync(join(hierarchy.base, 'pool'))).toEqual(['cgroup.events']);
      expect(openHere()).toEqual([]);
    } finally {
      // flock(1) and its sleep both hold the lock.
      if (owner.pid !== undefined) process.kill(-owner.pid, 'SIGKILL');
      await end(owner);
    }
    rmSync(join(hierarchy.base, 'pool'), { recursive: true });
    await (await make()).remove();
  });

  it('takes another directory when its owner removed this one just before the lock', async () => {
    const lockFile = native().lockFile.bind(native());
    let races = 3;
    jest.spyOn(native(), 'lockFile').mockImplementation((fd) => {
      if (races-- > 0) rmSync(join(hierarchy.base, 'pool'), { recursive: true });
      return lockFile(fd);
    });
    const tree = await make();
    expect(existsSync(tree.group.directory)).toBe(true);
    expect(openHere()).toHaveLength(1);
    await tree.remove();
  });

  it('ends what a dead owner has left', async () => {
    const dead = await make();
    mkdirSync(join(dead.group.directory, 'leaf'));
    writeFileSync(join(dead.pool.directory, 'cgroup.events'), 'populated 1\n');
    jest.spyOn(native(), 'lockFile').mockReturnValueOnce(undefined);
    const write = jest.spyOn(Cgroup.prototype, 'write').mockImplementationOnce((file, value) => {
      expect([file, value]).toEqual(['cgroup.kill', '1']);
      writeFileSync(join(dead.pool.directory, 'cgroup.events'), 'populated 0\n');
      return Promise.resolve();
    });
    const tree = await make();
    expect(write).toHaveBeenCalled();
    expect(existsSync(join(tree.group.directory, 'leaf'))).toBe(false);
    await tree.remove();
    await dead.remove();
  });

  it('undoes all when a later step fails', async () => {
    jest.spyOn(Cgroup.prototype, 'writeBytes').mockRejectedValueOnce(new Error('later step'));
    await expect(make()).rejects.toThrow('later step');
    expect(existsSync(join(hierarchy.base, 'pool'))).toBe(false);
    expect(openHere()).toEqual([]);
  });

  it('gives up the lock also when the pool cannot be removed', async () => {
    const tree = await make();
    jest.spyOn(Cgroup.prototype, 'remove').mockRejectedValueOnce(new Error('somebody moved in'));
    await expect(tree.remove()).rejects.toThrow('somebody moved in');
    expect(openHere()).toEqual([]);
    await (await make()).remove();
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
    await (await make()).remove();
  });
});

describe('createPoolTree refuses', () => {
  const folder = mkdtempSync(join(tmpdir(), 'spillway-no-pool-'));
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  it.each([
    ['a base that is missing', join(folder, 'missing'), 'ERR_SPILLWAY_CGROUP_NOT_FOUND'],
    ['a plain folder', folder, 'ERR_SPILLWAY_NOT_CGROUP2'],
    ['a file', __filename, 'ERR_SPILLWAY_NOT_CGROUP2'],
  ])('%s', async (_what, base, code) => {
    await expect(createPoolTree(new Cgroup(base), 'pool', limits)).rejects.toMatchObject({ code });
    expect(readdirSync(folder)).toEqual([]);
  });
});

describeReal('createPoolTree in a hierarchy without the memory controller', () => {
  const real = useRealCgroups();

  it('says so, and leaves nothing behind', async () => {
    const base = (await real.make()).child('base');
    await base.create();
    const message = expect.stringContaining(`not available in the cgroup "${base.directory}"`) as string;
    await expect(createPoolTree(base, 'pool', limits)).rejects.toMatchObject({ code: 'ERR_SPILLWAY_CONTROLLER_DISABLED', message });
    expect(await base.children()).toEqual([]);
  });

  it('does not move a supervisor out of it first', async () => {
    const base = (await real.make()).child('base');
    await base.create();
    const printed = await runApart(`
      require('fs').writeFileSync(${JSON.stringify(join(base.directory, 'cgroup.procs'))}, '0');
      const { ownBase } = lib('cgroup/own-cgroup');
      const { Cgroup } = lib('cgroup/cgroup');
      const base = new Cgroup(ownBase());
      const { code } = await lib('cgroup/pool-tree').createPoolTree(base, 'pool', ${JSON.stringify(limits)}).catch((error) => error);
      console.log(code, ownBase() === base.directory, (await base.children()).length);`);
    expect(printed).toBe('ERR_SPILLWAY_CONTROLLER_DISABLED true 0\n');
  });

  it('is not tried from inside the pool', async () => {
    const base = await real.make();
    await base.child('pool').create();
    await base.child('pool').child('inside').create();
    const printed = await runApart(`
      require('fs').writeFileSync(${JSON.stringify(join(base.directory, 'pool/inside/cgroup.procs'))}, '0');
      const { Cgroup } = lib('cgroup/cgroup');
      const error = await lib('cgroup/pool-tree').createPoolTree(new Cgroup(${JSON.stringify(base.directory)}), 'pool', ${JSON.stringify(limits)}).catch((each) => each);
      console.log(error.code);`);
    expect(printed).toBe('ERR_SPILLWAY_CGROUP_BUSY\n');
  });

  (process.getuid?.() === 0 ? it : it.skip)('tells another user that permission is missing', async () => {
    const base = await real.make();
    chmodSync(join(base.directory, 'cgroup.subtree_control'), 0o600);
    const printed = await runApart(`
      const { Cgroup } = lib('cgroup/cgroup');
      const { createPoolTree } = lib('cgroup/pool-tree');
      process.setgid(65534); process.setuid(65534);
      const error = await createPoolTree(new Cgroup(${JSON.stringify(base.directory)}), 'pool', ${JSON.stringify(limits)}).catch((each) => each);
      console.log(error.code);`);
    expect(printed).toBe('ERR_SPILLWAY_PERMISSION\n');
  });
});
