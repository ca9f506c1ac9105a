// The scenarios of Ray's cgroup driver (reference/ray.md, 3.9) that apply here, on the classes of lib/cgroup.

import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Cgroup } from '../../lib/cgroup/cgroup';
import { enableController } from '../../lib/cgroup/controllers';
import { setBytes, setNumber } from '../../lib/cgroup/limit-files';
import type * as CgroupModule from '../../lib/cgroup/cgroup';
import type * as ControllersModule from '../../lib/cgroup/controllers';
import type * as LimitFilesModule from '../../lib/cgroup/limit-files';
import { errorOf } from '../support/error-of';
import { runIn } from './support/program';
import { asNobody, giveTo, nobody, useScripts, type ScriptHost } from './support/scripts';
import { useCgroups, type TestCgroup } from './support/test-cgroup';

const { run } = useScripts();
const { make } = useCgroups();

type Verb = 'create' | 'delete' | 'enable' | 'high' | 'read' | 'weight' | 'move';

/** Does some of the verbs on a directory, one after the other; tells the code of each, `null` when it went well. */
const doAll = ({ lib, tell, line }: ScriptHost, [directory, verbs]: [string, Verb[]]): Promise<void> => {
  const cgroup = new (lib('cgroup/cgroup') as typeof CgroupModule).Cgroup(directory);
  const { enableController: enable } = lib('cgroup/controllers') as typeof ControllersModule;
  const limits = lib('cgroup/limit-files') as typeof LimitFilesModule;
  const actions: Record<Verb, () => unknown> = {
    create: () => cgroup.create(),
    delete: () => { cgroup.remove(); },
    enable: () => { enable(cgroup, 'memory'); },
    high: () => { limits.setBytes(cgroup, 'memory.high', 2 ** 20); },
    read: () => cgroup.read('cgroup.controllers'),
    weight: () => { limits.setNumber(cgroup, 'cpu.weight', 500); },
    move: () => { cgroup.write('cgroup.procs', String(process.pid)); },
  };
  const codes = verbs.map((verb) => {
    try {
      actions[verb]();
      return null;
    } catch (error) {
      return (error as { code: string }).code;
    }
  });
  tell('codes', codes);
  // So that the test may look where it is.
  return line().then(() => undefined);
};

function asUser(directory: string, verbs: Verb[], where?: TestCgroup): Promise<(string | null)[]> {
  return run(doAll, [directory, verbs] as [string, Verb[]], { under: asNobody, ...(where && { where }) }).told('codes');
}

const denied = 'ERR_SPILLWAY_PERMISSION';

describe('not cgroup v2', () => {
  test.each(['missing', 'a plain folder'])('%s: read, enable, limit; delete does nothing to what is missing', (which) => {
    const folder = mkdtempSync(join(tmpdir(), 'spillway-no-cgroup-'));
    const cgroup = new Cgroup(join(folder, 'cgroup'));
    if (which !== 'missing') mkdirSync(cgroup.directory);
    const code = which === 'missing' ? 'ERR_SPILLWAY_CGROUP_NOT_FOUND' : 'ERR_SPILLWAY_NOT_CGROUP2';

    expect(errorOf(() => cgroup.read('cgroup.controllers'))).toMatchObject({ code });
    expect(errorOf(() => cgroup.processes())).toMatchObject({ code });
    expect(errorOf(() => { enableController(cgroup, 'memory'); })).toMatchObject({ code });
    expect(errorOf(() => { setBytes(cgroup, 'memory.high', 2 ** 20); })).toMatchObject({ code });
    expect(errorOf(() => { setNumber(cgroup, 'cpu.weight', 500); })).toMatchObject({ code });
    expect(cgroup.children()).toEqual([]);
    if (which === 'missing') expect(() => { cgroup.remove(); }).not.toThrow();
    rmSync(folder, { recursive: true });
  });
});

describe('create', () => {
  test('what is there, what has no ancestor, what is new', () => {
    const base = new Cgroup(make().directory);

    expect(base.create()).toBe(false);
    expect(errorOf(() => base.child('missing').child('child').create())).toMatchObject({ code: 'ERR_SPILLWAY_CGROUP_NOT_FOUND' });
    expect(base.child('new').create()).toBe(true);
    expect(base.child('new').has('memory.high')).toBe(false);
  });

  test.each([['r', 0o400, denied], ['r and w', 0o600, denied], ['r and x', 0o500, denied], ['w and x', 0o300, null], ['all', 0o700, null]])(
    'with %s on the ancestor', async (_, mode, expected) => {
      const base = make();
      giveTo(nobody, base);
      chmodSync(base.directory, mode);

      expect(await asUser(join(base.directory, 'new'), ['create'])).toEqual([expected]);
      expect(base.children()).toHaveLength(expected === null ? 1 : 0);
    },
  );
});

describe('delete', () => {
  test('missing itself, missing its ancestor: nothing to do', () => {
    const base = new Cgroup(make().directory);

    expect(() => { base.child('missing').remove(); }).not.toThrow();
    expect(() => { base.child('missing').child('child').remove(); }).not.toThrow();
  });

  test('without the right, then with it', async () => {
    const base = make();
    const child = base.make('child');

    expect(await asUser(child.directory, ['delete'])).toEqual([denied]);
    expect(child.exists).toBe(true);
    giveTo(nobody, base);
    expect(await asUser(child.directory, ['delete'])).toEqual([null]);
    expect(child.exists).toBe(false);
  });

  test('with children: leaves first', () => {
    const base = make();
    base.make('a').make('b').make('c');
    base.make('d');

    new Cgroup(base.directory).remove();

    expect(base.exists).toBe(false);
  });

  test('with a process: refused; fine after its exit', async () => {
    const base = make();
    const child = base.make('child');
    const { child: hog, lines, exited } = runIn(child, 'hog', 1);
    await lines.line('held');
    const cgroup = new Cgroup(child.directory);

    expect(errorOf(() => { cgroup.remove(); })).toMatchObject({ code: 'ERR_SPILLWAY_SYSTEM', cause: { code: 'EBUSY' } });
    hog.kill('SIGKILL');
    await exited;
    cgroup.remove();
    expect(child.exists).toBe(false);
  });
});

describe('available controllers, and to enable one', () => {
  test('there is one, and there is none', () => {
    const outer = make();
    const without = outer.make('without');

    expect(new Cgroup(outer.directory).read('cgroup.controllers').split(/\s/)).toEqual(expect.arrayContaining(['cpu', 'memory', 'pids']));
    expect(new Cgroup(without.directory).read('cgroup.controllers').trim()).toBe('');
    for (const controller of ['cpu', 'memory', 'pids'] as const) {
      const error = errorOf(() => { enableController(new Cgroup(without.directory), controller); });
      expect(error).toMatchObject({ code: 'ERR_SPILLWAY_CONTROLLER_DISABLED', message: expect.stringContaining(`+${controller}`) as string });
    }
  });

  test('without x on it nothing can be read; without w on its file nothing can be enabled', async () => {
    const base = make();

    expect(await asUser(base.directory, ['read', 'enable'])).toEqual([null, denied]);
    giveTo(nobody, base);
    chmodSync(base.directory, 0o600);
    expect(await asUser(base.directory, ['read', 'enable'])).toEqual([denied, denied]);
    chmodSync(base.directory, 0o700);
    expect(await asUser(base.directory, ['read', 'enable', 'enable'])).toEqual([null, null, null]);
    expect(base.read('cgroup.subtree_control').trim()).toBe('memory');
  });

  test('nested: each level after the one above', () => {
    const outer = new Cgroup(make().directory);
    const inner = outer.child('inner');
    inner.create();

    expect(errorOf(() => { enableController(inner, 'pids'); })).toMatchObject({ code: 'ERR_SPILLWAY_CONTROLLER_DISABLED' });
    enableController(outer, 'pids');
    enableController(inner, 'pids');
    expect(inner.read('cgroup.subtree_control').trim()).toBe('pids');
  });

  test('with a process in it: refused', async () => {
    const base = make();
    const { lines } = runIn(base, 'hog', 1);
    await lines.line('held');

    expect(errorOf(() => { enableController(new Cgroup(base.directory), 'memory'); })).toMatchObject({ code: 'ERR_SPILLWAY_SYSTEM', cause: { code: 'EBUSY' } });
  });
});

describe('limits', () => {
  test('of a controller that is off: the error names it', () => {
    const off = new Cgroup(make().make('off').directory);
    const message = (action: () => void): unknown => {
      const error = errorOf(action);
      expect(error).toMatchObject({ code: 'ERR_SPILLWAY_CONTROLLER_DISABLED' });
      return (error as Error).message;
    };

    expect(message(() => { setBytes(off, 'memory.high', 2 ** 20); })).toMatch(/\+memory/);
    expect(message(() => { setNumber(off, 'cpu.weight', 500); })).toMatch(/\+cpu/);
    expect(message(() => { setNumber(off, 'pids.max', 5); })).toMatch(/\+pids/);
  });

  test('denied; set and read back', async () => {
    const cgroup = make();

    expect(await asUser(cgroup.directory, ['high', 'weight'])).toEqual([denied, denied]);
    setNumber(new Cgroup(cgroup.directory), 'cpu.weight', 500);
    setNumber(new Cgroup(cgroup.directory), 'pids.max', 12);
    setBytes(new Cgroup(cgroup.directory), 'memory.low', 5 * 2 ** 20 + 1);
    expect(['cpu.weight', 'pids.max', 'memory.low'].map((file) => cgroup.number(file))).toEqual([500, 12, 5 * 2 ** 20]);
  });

  test('what the kernel does not take: refused, and the old value stays', () => {
    const cgroup = make();

    expect(errorOf(() => { setNumber(new Cgroup(cgroup.directory), 'cpu.weight', 10_001); })).toMatchObject({ code: 'ERR_SPILLWAY_SYSTEM', cause: { code: 'ERANGE' } });
    expect(cgroup.number('cpu.weight')).toBe(100);
  });
});

describe('move a process', () => {
  test('to a place that is missing, to one without the right, of a process that is not there', async () => {
    const base = make();
    giveTo(nobody, base);
    const target = base.make('target');

    expect(await asUser(join(base.directory, 'missing'), ['move'], base.make('a'))).toEqual(['ERR_SPILLWAY_CGROUP_NOT_FOUND']);
    expect(await asUser(target.directory, ['move'], base.make('b'))).toEqual([denied]);
    expect(errorOf(() => { new Cgroup(target.directory).write('cgroup.procs', String(2 ** 22 + 1)); })).toMatchObject({ code: 'ERR_SPILLWAY_SYSTEM', cause: { code: 'ESRCH' } });
    expect(target.processes()).toEqual([]);
  });

  test('the common ancestor decides: denied without the right to it, whatever the source says', async () => {
    const base = make();
    const target = base.make('target');
    const source = base.make('source');
    for (const cgroup of [target, source]) giveTo(nobody, cgroup);

    expect(await asUser(target.directory, ['move'], source)).toEqual([denied]);
    giveTo(nobody, base, ['cgroup.procs']);
    giveTo(0, source);
    expect(await asUser(target.directory, ['move'], source)).toEqual([null]);
    expect(target.processes()).toHaveLength(1);
  });
});
