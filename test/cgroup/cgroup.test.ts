import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Cgroup } from '../../lib/cgroup/cgroup';
import { describeReal, runApart, useRealCgroups } from '../support/fixture-pool';

describe('in a folder', () => {
  let folder: string;
  let cgroup: Cgroup;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'spillway-cgroup-'));
    cgroup = new Cgroup(folder);
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  it('is made once', async () => {
    const child = cgroup.child('a');
    expect(child.directory).toBe(join(folder, 'a'));
    expect(await child.exists()).toBe(false);
    expect(await child.create()).toBe(true);
    expect(await child.create()).toBe(false);
    expect(await child.exists()).toBe(true);
  });

  it('is not made without its parent', async () => {
    const message = expect.stringMatching(/^Could not make 'b' in the cgroup ".*\/a": there is no such directory$/) as string;
    await expect(cgroup.child('a').child('b').create()).rejects.toMatchObject({ code: 'ERR_SPILLWAY_CGROUP_NOT_FOUND', message });
  });

  it('never makes a file that is not there', async () => {
    await expect(cgroup.write('memory.high', '1')).rejects.toMatchObject({ code: 'ERR_SPILLWAY_NOT_CGROUP2' });
    expect(existsSync(join(folder, 'memory.high'))).toBe(false);
  });

  it.each([
    [0, '0'],
    [2 ** 53 - 1, '9007199254740991'],
    [Infinity, 'max'],
  ])('writes %d bytes as %s', async (bytes, text) => {
    writeFileSync(join(folder, 'memory.max'), '');
    await cgroup.writeBytes('memory.max', bytes);
    expect(readFileSync(join(folder, 'memory.max'), 'utf8')).toBe(text);
  });

  it.each([
    ['populated 1\nfrozen 0\n', true],
    ['frozen 1\npopulated 1\n', true],
    ['populated 0\nfrozen 1\n', false],
    ['', false],
    ['notpopulated 1\n', false],
  ])('cgroup.events %j: populated is %s', async (text, populated) => {
    writeFileSync(join(folder, 'cgroup.events'), text);
    expect(await cgroup.populated()).toBe(populated);
  });

  it('without cgroup.events does not say whether it is populated; when gone it is not', async () => {
    await expect(cgroup.populated()).rejects.toMatchObject({ code: 'ERR_SPILLWAY_NOT_CGROUP2' });
    expect(await cgroup.child('gone').populated()).toBe(false);
  });

  it.each([
    ['', []],
    ['12\n7\n', [12, 7]],
  ])('cgroup.procs %j: %j', async (text, pids) => {
    writeFileSync(join(folder, 'cgroup.procs'), text);
    expect(await cgroup.processes()).toEqual(pids);
  });

  it('lists directories only, and none when it is gone', async () => {
    mkdirSync(join(folder, 'a'));
    writeFileSync(join(folder, 'file'), '');
    expect((await cgroup.children()).map(({ directory }) => directory)).toEqual([join(folder, 'a')]);
    expect(await cgroup.child('gone').children()).toEqual([]);
  });

  it('removes what is below, leaves first, and is content when all is gone', async () => {
    mkdirSync(join(folder, 'a/b/c'), { recursive: true });
    mkdirSync(join(folder, 'a/d'));
    await cgroup.child('a').remove();
    expect(await cgroup.children()).toEqual([]);
    await cgroup.child('a').remove();
  });

  it('says which one it could not remove', async () => {
    mkdirSync(join(folder, 'a/b'), { recursive: true });
    writeFileSync(join(folder, 'a/b/file'), '');
    const message = expect.stringContaining('a/b') as string;
    await expect(cgroup.child('a').remove()).rejects.toMatchObject({ code: 'ERR_SPILLWAY_SYSTEM', message, cause: { code: 'ENOTEMPTY' } });
  });

  it('keeps errors that are no system errors as they are', async () => {
    await expect(new Cgroup('/tmp/\0').create()).rejects.toMatchObject({ code: 'ERR_INVALID_ARG_VALUE' });
  });

  (process.getuid?.() === 0 ? it : it.skip)('tells another user that permission is missing', async () => {
    chmodSync(folder, 0o755);
    for (const file of ['memory.high', 'cgroup.procs']) writeFileSync(join(folder, file), '', { mode: 0o600 });
    const codes = await runApart(`
      const { Cgroup } = lib('cgroup/cgroup');
      const cgroup = new Cgroup(${JSON.stringify(folder)});
      process.setgid(65534); process.setuid(65534);
      const codes = [];
      for (const action of [() => cgroup.child('x').create(), () => cgroup.write('memory.high', '1'), () => cgroup.processes(), () => cgroup.remove()]) {
        await action().then(() => codes.push('done'), (error) => codes.push(error.code));
      }
      console.log(JSON.stringify(codes));`);
    expect(JSON.parse(codes)).toEqual(Array(4).fill('ERR_SPILLWAY_PERMISSION'));
  });
});

describeReal('in the kernel', () => {
  const real = useRealCgroups();

  it('is filled when it is made, and holds nobody', async () => {
    const cgroup = await real.make();
    expect(await cgroup.create()).toBe(false);
    expect(await cgroup.populated()).toBe(false);
    expect(await cgroup.processes()).toEqual([]);
    expect(await cgroup.children()).toEqual([]);
  });

  it('is populated by a process in it, and so is its parent', async () => {
    const parent = await real.make();
    const child = parent.child('below');
    await child.create();
    const { pid } = real.sleepIn(child);
    expect(await child.processes()).toEqual([pid]);
    expect(await parent.processes()).toEqual([]);
    expect(await parent.populated()).toBe(true);
    await expect(parent.remove()).rejects.toMatchObject({ code: 'ERR_SPILLWAY_SYSTEM', cause: { code: 'EBUSY' } });
  });

  it('removes a tree of real cgroups, leaves first', async () => {
    const parent = await real.make();
    for (const path of ['a', 'a/b', 'a/b/c', 'd']) await parent.child(path).create();
    await parent.remove();
    expect(await parent.exists()).toBe(false);
  });

  it.each([
    ['cgroup.subtree_control', 'nonsense', 'ERR_SPILLWAY_SYSTEM', 'EINVAL'],
    ['cgroup.procs', '0x', 'ERR_SPILLWAY_SYSTEM', 'EINVAL'],
    ['cgroup.procs', '4194304', 'ERR_SPILLWAY_SYSTEM', 'ESRCH'],
  ] as const)('writing %s %s fails with %s', async (file, value, code, errno) => {
    const cgroup = await real.make();
    await expect(cgroup.write(file, value)).rejects.toMatchObject({ code, cause: { code: errno } });
  });

  it('without the memory controller has no memory.high to write', async () => {
    const inner = (await real.make()).child('inner');
    await inner.create();
    await expect(inner.writeBytes('memory.high', 1)).rejects.toMatchObject({ code: 'ERR_SPILLWAY_CONTROLLER_DISABLED' });
  });

  it('when gone is not found, and not populated', async () => {
    const cgroup = await real.make();
    await cgroup.remove();
    expect(await cgroup.populated()).toBe(false);
    await expect(cgroup.write('cgroup.kill', '1')).rejects.toMatchObject({ code: 'ERR_SPILLWAY_CGROUP_NOT_FOUND' });
    await expect(cgroup.read('cgroup.events')).rejects.toMatchObject({ code: 'ERR_SPILLWAY_CGROUP_NOT_FOUND' });
  });
});
