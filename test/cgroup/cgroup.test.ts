import fs, { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Cgroup } from '../../lib/cgroup/cgroup';
import { native } from '../../lib/native';
import { errorOf } from '../support/error-of';
import { describeReal, runApart, useRealCgroups } from '../support/fixture-pool';

const noDescriptor = Object.assign(new Error('EMFILE'), { code: 'EMFILE', errno: -24 });

describe('in a folder', () => {
  let folder: string;
  let cgroup: Cgroup;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'spillway-cgroup-'));
    cgroup = new Cgroup(folder);
  });
  afterEach(() => {
    jest.restoreAllMocks();
    rmSync(folder, { recursive: true });
  });

  it('is made once', () => {
    const child = cgroup.child('a');
    expect(child.directory).toBe(join(folder, 'a'));
    expect(child.exists()).toBe(false);
    expect(child.create()).toBe(true);
    expect(child.create()).toBe(false);
    expect(child.exists()).toBe(true);
  });

  it('is not made without its parent', () => {
    const message = expect.stringMatching(/^Could not make 'b' in the cgroup ".*\/a": there is no such directory$/) as string;
    expect(errorOf(() => cgroup.child('a').child('b').create())).toMatchObject({ code: 'ERR_SPILLWAY_CGROUP_NOT_FOUND', message });
  });

  it('never makes a file that is not there', () => {
    expect(errorOf(() => { cgroup.write('memory.high', '1'); })).toMatchObject({ code: 'ERR_SPILLWAY_NOT_CGROUP2' });
    expect(existsSync(join(folder, 'memory.high'))).toBe(false);
  });

  it('writes a value in one piece, also in the background', async () => {
    for (const file of ['memory.max', 'memory.high']) writeFileSync(join(folder, file), '');
    cgroup.write('memory.max', '4096');
    await cgroup.writeInBackground('memory.high', 'max');
    expect(['memory.max', 'memory.high'].map((file) => readFileSync(join(folder, file), 'utf8'))).toEqual(['4096', 'max']);
    await expect(cgroup.writeInBackground('memory.low', '1')).rejects.toMatchObject({ code: 'ERR_SPILLWAY_NOT_CGROUP2' });
    expect(existsSync(join(folder, 'memory.low'))).toBe(false);
  });

  it.each([
    ['populated 1\nfrozen 0\n', true],
    ['frozen 1\npopulated 1\n', true],
    ['populated 0\nfrozen 1\n', false],
    ['', false],
    ['notpopulated 1\n', false],
  ])('cgroup.events %j: populated is %s', (text, populated) => {
    writeFileSync(join(folder, 'cgroup.events'), text);
    expect(cgroup.populated()).toBe(populated);
  });

  it('without cgroup.events does not say whether it is populated; when gone it is not', () => {
    expect(errorOf(() => cgroup.populated())).toMatchObject({ code: 'ERR_SPILLWAY_NOT_CGROUP2' });
    expect(cgroup.child('gone').populated()).toBe(false);
  });

  it.each([
    ['', []],
    ['12\n7\n', [12, 7]],
  ])('cgroup.procs %j: %j', (text, pids) => {
    writeFileSync(join(folder, 'cgroup.procs'), text);
    expect(cgroup.processes()).toEqual(pids);
  });

  it('lists directories only, and none when it is gone', () => {
    mkdirSync(join(folder, 'a'));
    writeFileSync(join(folder, 'file'), '');
    expect(cgroup.children().map(({ directory }) => directory)).toEqual([join(folder, 'a')]);
    expect(cgroup.child('gone').children()).toEqual([]);
  });

  it('does not call a folder empty that it cannot list', () => {
    writeFileSync(join(folder, 'file'), '');
    const message = expect.stringContaining('Could not list the children of') as string;
    expect(errorOf(() => cgroup.child('file').children())).toMatchObject({ code: 'ERR_SPILLWAY_NOT_CGROUP2', message, cause: { code: 'ENOTDIR' } });
  });

  it('finds the processes of all that is below, and none of what is gone', () => {
    mkdirSync(join(folder, 'a/b'), { recursive: true });
    mkdirSync(join(folder, 'c'));
    for (const [path, pids] of Object.entries({ '': '', a: '1\n2\n', 'a/b': '3\n', c: '' })) writeFileSync(join(folder, path, 'cgroup.procs'), pids);
    expect(cgroup.allProcesses()).toEqual([1, 2, 3]);
    expect(cgroup.child('a').child('b').allProcesses()).toEqual([3]);
    expect(cgroup.child('gone').allProcesses()).toEqual([]);
    // Removed by somebody between the list and the look.
    jest.spyOn(cgroup, 'children').mockReturnValue([cgroup.child('gone'), cgroup.child('c'), cgroup.child('a')]);
    expect(cgroup.allProcesses()).toEqual([1, 2, 3]);
  });

  it('does not call one empty whose processes cannot be read, here or below', () => {
    mkdirSync(join(folder, 'a'));
    expect(errorOf(() => cgroup.child('a').allProcesses())).toMatchObject({ code: 'ERR_SPILLWAY_NOT_CGROUP2' });
    writeFileSync(join(folder, 'cgroup.procs'), '1\n');
    expect(errorOf(() => cgroup.allProcesses())).toMatchObject({ code: 'ERR_SPILLWAY_NOT_CGROUP2', message: expect.stringContaining(join(folder, 'a')) as string });
  });

  it('says whether it has a file', () => {
    writeFileSync(join(folder, 'cgroup.kill'), '');
    expect([cgroup.has('cgroup.kill'), cgroup.has('memory.peak'), cgroup.child('gone').has('cgroup.kill')]).toEqual([true, false, false]);
  });

  it('has monitors look at each that it removes, before that', () => {
    mkdirSync(join(folder, 'a/b'), { recursive: true });
    const looks: [string, boolean][] = [];
    jest.spyOn(native(), 'lookNow').mockImplementation((directory) => { looks.push([directory, existsSync(directory)]); });
    cgroup.child('a').remove();
    expect(looks.slice(-2)).toEqual([[join(folder, 'a/b'), true], [join(folder, 'a'), true]]);
    expect(looks.every(([, there]) => there)).toBe(true);
  });

  it('removes an empty one without a descriptor', () => {
    mkdirSync(join(folder, 'a'));
    for (const call of ['openSync', 'readdirSync'] as const) jest.spyOn(fs, call).mockImplementation(() => { throw noDescriptor; });
    cgroup.child('a').remove();
    expect(existsSync(join(folder, 'a'))).toBe(false);
  });

  it('removes what is below, leaves first, and is content when all is gone', () => {
    mkdirSync(join(folder, 'a/b/c'), { recursive: true });
    mkdirSync(join(folder, 'a/d'));
    cgroup.child('a').remove();
    expect(cgroup.children()).toEqual([]);
    cgroup.child('a').remove();
  });

  it('says which one it could not remove', () => {
    mkdirSync(join(folder, 'a/b'), { recursive: true });
    writeFileSync(join(folder, 'a/b/file'), '');
    const message = expect.stringContaining('a/b') as string;
    expect(errorOf(() => { cgroup.child('a').remove(); })).toMatchObject({ code: 'ERR_SPILLWAY_SYSTEM', message, cause: { code: 'ENOTEMPTY' } });
  });

  it('keeps errors that are no system errors as they are', () => {
    expect(errorOf(() => new Cgroup('/tmp/\0').create())).toMatchObject({ code: 'ERR_INVALID_ARG_VALUE' });
  });

  (process.getuid?.() === 0 ? it : it.skip)('tells another user that permission is missing', async () => {
    chmodSync(folder, 0o755);
    for (const file of ['memory.high', 'cgroup.procs']) writeFileSync(join(folder, file), '', { mode: 0o600 });
    const codes = await runApart(`
      const { Cgroup } = lib('cgroup/cgroup');
      const cgroup = new Cgroup(${JSON.stringify(folder)});
      process.setgid(65534); process.setuid(65534);
      const codes = [];
      const actions = [() => cgroup.child('x').create(), () => cgroup.write('memory.high', '1'), () => cgroup.processes(), () => cgroup.allProcesses(), () => cgroup.remove()];
      for (const action of actions) {
        try { action(); codes.push('done'); } catch (error) { codes.push(error.code); }
      }
      console.log(JSON.stringify(codes));`);
    expect(JSON.parse(codes)).toEqual(Array(5).fill('ERR_SPILLWAY_PERMISSION'));
  });

  // What cannot be looked at may be there: the processes in it would be taken for gone.
  (process.getuid?.() === 0 ? it : it.skip)('does not tell another user that one is gone which it may not look at', async () => {
    chmodSync(folder, 0o711);
    mkdirSync(join(folder, 'closed/in'), { recursive: true });
    writeFileSync(join(folder, 'closed/in/cgroup.events'), 'populated 1\n');
    chmodSync(join(folder, 'closed'), 0o700);
    const codes = await runApart(`
      const { Cgroup } = lib('cgroup/cgroup');
      const closed = new Cgroup(${JSON.stringify(join(folder, 'closed'))});
      process.setgid(65534); process.setuid(65534);
      const codes = [closed.exists()];
      for (const action of [() => closed.child('in').exists(), () => closed.child('in').populated(), () => closed.child('in').allProcesses(), () => closed.children()]) {
        try { codes.push(action()); } catch (error) { codes.push(error.code); }
      }
      console.log(JSON.stringify(codes));`);
    expect(JSON.parse(codes)).toEqual([true, ...(Array(4).fill('ERR_SPILLWAY_PERMISSION') as string[])]);
  });
});

describeReal('in the kernel', () => {
  const real = useRealCgroups();

  it('is filled when it is made, and holds nobody', () => {
    const cgroup = real.make();
    expect(cgroup.create()).toBe(false);
    expect(cgroup.populated()).toBe(false);
    expect(cgroup.processes()).toEqual([]);
    expect(cgroup.children()).toEqual([]);
  });

  it('is populated by a process in it, and so is its parent', () => {
    const parent = real.make();
    const child = parent.child('below');
    child.create();
    const { pid } = real.sleepIn(child);
    expect(child.processes()).toEqual([pid]);
    expect(parent.processes()).toEqual([]);
    expect(parent.allProcesses()).toEqual([pid]);
    expect(parent.populated()).toBe(true);
    expect(errorOf(() => { parent.remove(); })).toMatchObject({ code: 'ERR_SPILLWAY_SYSTEM', cause: { code: 'EBUSY' } });
  });

  it('removes a tree of real cgroups, leaves first', () => {
    const parent = real.make();
    for (const path of ['a', 'a/b', 'a/b/c', 'd']) parent.child(path).create();
    parent.remove();
    expect(parent.exists()).toBe(false);
  });

  it.each([
    ['cgroup.subtree_control', 'nonsense', 'ERR_SPILLWAY_SYSTEM', 'EINVAL'],
    ['cgroup.procs', '0x', 'ERR_SPILLWAY_SYSTEM', 'EINVAL'],
    ['cgroup.procs', '4194304', 'ERR_SPILLWAY_SYSTEM', 'ESRCH'],
  ] as const)('writing %s %s fails with %s', (file, value, code, errno) => {
    const cgroup = real.make();
    expect(errorOf(() => { cgroup.write(file, value); })).toMatchObject({ code, cause: { code: errno } });
  });

  it('without the memory controller has no memory.high to write', () => {
    const inner = real.make().child('inner');
    inner.create();
    expect(errorOf(() => { inner.write('memory.high', '1'); })).toMatchObject({ code: 'ERR_SPILLWAY_CONTROLLER_DISABLED' });
  });

  it('when gone is not found, and not populated', () => {
    const cgroup = real.make();
    cgroup.remove();
    expect(cgroup.populated()).toBe(false);
    expect(errorOf(() => { cgroup.write('cgroup.kill', '1'); })).toMatchObject({ code: 'ERR_SPILLWAY_CGROUP_NOT_FOUND' });
    expect(errorOf(() => cgroup.read('cgroup.events'))).toMatchObject({ code: 'ERR_SPILLWAY_CGROUP_NOT_FOUND' });
  });
});
