// The scenarios of Ray's cgroup manager (reference/ray.md, 3.8) that apply here.

import { chmodSync, chownSync } from 'node:fs';
import { Supervisor } from '../../lib/supervisor/supervisor';
import type { WorkerOptions } from '../../lib/supervisor/worker-options';
import type * as Types from '../../lib/index';
import { refusalOf, useSupervisors } from './support/supervisors';
import { asNobody, giveTo, nobody, unshared, useScripts, type ScriptHost } from './support/scripts';
import type { TestCgroup } from './support/test-cgroup';

const { run } = useScripts();
const { create, make } = useSupervisors();
const limits = { highBytes: '96MiB' };

interface Made {
  level?: Types.GuaranteeLevel;
  check?: string | undefined;
  cgroup?: string | undefined;
  own: string;
  code?: string;
  message?: string;
}

/** Makes a supervisor and closes it; tells what came of it. */
const tryCreate = async ({ spillway, tell, own }: ScriptHost, options: Types.SupervisorOptions): Promise<void> => {
  try {
    const supervisor = await spillway.Supervisor.create(options);
    const { guarantee } = supervisor;
    const { cgroup } = supervisor.status();
    await supervisor.close();
    tell('made', { level: guarantee.level, check: guarantee.finding?.check, cgroup, own: own() });
  } catch (error) {
    const { code, message } = error as Types.SpillwayError;
    tell('made', { own: own(), code, message });
  }
};

function createAs(user: string[], options: Partial<Types.SupervisorOptions>, where?: TestCgroup): Promise<Made> {
  return run(tryCreate, { name: 'pool', require: 'kernel', limits, ...options }, { under: user, ...(where && { where }) }).told<Made>('made');
}

describe('no cgroup v2', () => {
  test.each([
    ['no mount at all', 'umount -l /sys/fs/cgroup'],
    ['version 1 only', 'umount -l /sys/fs/cgroup && mount -t cgroup -o none,name=spillway-test none /sys/fs/cgroup'],
    ['its mount covered by another file system', 'mount -t tmpfs none /sys/fs/cgroup'],
  ])('%s: refused, and nothing is touched', async (_, before) => {
    const base = make();

    for (const cgroup of ['auto', '/sys/fs/cgroup']) {
      const made = await createAs(unshared(['--mount'], before), { cgroup }, base);

      expect(made).toMatchObject({ code: 'ERR_SPILLWAY_NOT_CGROUP2', own: `/${base.name}` });
    }

    expect(base.children()).toEqual([]);
    expect(base.read('cgroup.subtree_control').trim()).toBe('');
  });
});

test('a base that is missing', async () => {
  const base = make();

  expect(await createAs([], { cgroup: `${base.directory}/missing` })).toMatchObject({ code: 'ERR_SPILLWAY_CGROUP_NOT_FOUND' });
  expect(base.children()).toEqual([]);
});

describe('an unprivileged user lacks a right to the base', () => {
  test.each([
    ['w', 0o500],
    ['x', 0o600],
    ['w and x', 0o400],
  ])('%s: refused with the permission', async (_, mode) => {
    const outer = make().enableMemory();
    const base = outer.make('base').enableMemory();
    giveTo(nobody, outer);
    giveTo(nobody, base);
    chmodSync(base.directory, mode);

    expect(await createAs(asNobody, { cgroup: base.directory }, outer.make('own'))).toMatchObject({ code: 'ERR_SPILLWAY_PERMISSION' });
    expect(base.children()).toEqual([]);
  });

  test('r: it is not needed', async () => {
    const outer = make().enableMemory();
    const base = outer.make('base').enableMemory();
    giveTo(nobody, outer);
    giveTo(nobody, base);
    chmodSync(base.directory, 0o300);

    expect(await createAs(asNobody, { cgroup: base.directory }, outer.make('own'))).toMatchObject({ level: 'kernel' });
    expect(base.children()).toEqual([]);
  });

  test('to move processes there, for its own cgroup is elsewhere: refused before any worker has to fail', async () => {
    const outer = make().enableMemory();
    const base = outer.make('base').enableMemory();
    giveTo(nobody, base);

    const made = await createAs(asNobody, { cgroup: base.directory }, outer.make('own'));

    expect(made).toMatchObject({ code: 'ERR_SPILLWAY_PERMISSION' });
    expect(made.message).toContain(outer.directory);
    expect(base.children()).toEqual([]);
  });

  test('with nothing required it works at level polling, and says why', async () => {
    const base = make();

    expect(await createAs(asNobody, { require: 'none' }, base)).toMatchObject({ level: 'polling', check: 'permission', own: `/${base.name}` });
    expect(base.children()).toEqual([]);
  });
});

test('controllers absent: refused before anything moves, or polling', async () => {
  const base = make().make('base');

  expect(await createAs([], {}, base)).toMatchObject({ code: 'ERR_SPILLWAY_CONTROLLER_DISABLED' });
  expect(await createAs([], { require: 'none' }, base)).toMatchObject({ level: 'polling', check: 'memory-controller', own: expect.stringMatching(/\/base$/) as string });
  expect(base.children()).toEqual([]);
});

describe('bounds', () => {
  test.each<[string, WorkerOptions]>([
    ['cpuWeight 0', { cpuWeight: 0 }],
    ['cpuWeight 10001', { cpuWeight: 10_001 }],
    ['pidsMax 0', { pidsMax: 0 }],
    ['pidsMax 4194305', { pidsMax: 4_194_305 }],
    ['lowBytes -1', { memory: { lowBytes: -1 } }],
    ['maxBytes 0', { memory: { maxBytes: 0 } }],
    ['maxBytes 2^53', { memory: { maxBytes: 2 ** 53 } }],
    ['highBytes above maxBytes', { memory: { highBytes: '2MiB', maxBytes: '1MiB' } }],
  ])('%s is refused, and nothing is left', async (_, options) => {
    const { supervisor, pool } = await create();

    expect(await refusalOf(supervisor.spawn('true', [], {}, options))).toMatchObject({ code: 'ERR_SPILLWAY_INVALID_OPTION' });
    expect(pool.children()).toEqual([]);
  });

  test('the ends of the ranges are taken, and stand in the files', async () => {
    const pool = await create();
    const least = await pool.run('sleep', ['1000'], { cpuWeight: 1, pidsMax: 1, memory: { minBytes: 0, lowBytes: 0 } });
    const most = await pool.run('sleep', ['1000'], { cpuWeight: 10_000, pidsMax: 4_194_304, memory: { lowBytes: 'max', highBytes: 'max', maxBytes: 'max' } });
    const files = ({ leaf }: typeof least): number[] => ['cpu.weight', 'pids.max', 'memory.low', 'memory.high'].map((file) => leaf.number(file));

    expect(files(least)).toEqual([1, 1, 0, Infinity]);
    expect(files(most)).toEqual([10_000, 4_194_304, Infinity, Infinity]);
  });
});

test('success, and clean-up that is complete', async () => {
  const base = make();
  const supervised = await create({ base, limits: { highBytes: '96MiB', maxBytes: '128MiB', swapMaxBytes: 0 } });
  const { supervisor, pool } = supervised;
  await supervisor.group('tenant', { highBytes: '48MiB', maxBytes: '64MiB' });
  const { worker } = await supervised.run('sleep', ['1000'], { group: 'tenant', pidsMax: 8, cpuWeight: 50, memory: { minBytes: '1MiB', lowBytes: '2MiB', maxBytes: '32MiB' } });
  const group = pool.children()[0];
  const leaf = group?.children()[0];
  const MiB = 2 ** 20;
  const files = (cgroup: TestCgroup | undefined, ...names: string[]): unknown => names.map((name) => cgroup?.number(name));

  expect(files(pool, 'memory.high', 'memory.max', 'memory.swap.max', 'memory.low', 'memory.min')).toEqual([96 * MiB, 128 * MiB, 0, 2 * MiB, MiB]);
  expect(files(group, 'memory.high', 'memory.max', 'memory.low', 'memory.min')).toEqual([48 * MiB, 64 * MiB, 2 * MiB, MiB]);
  expect(files(leaf, 'memory.max', 'memory.low', 'memory.min', 'memory.oom.group', 'pids.max', 'cpu.weight')).toEqual([32 * MiB, 2 * MiB, MiB, 1, 8, 50]);
  expect(leaf?.processes()).toEqual([worker.pid]);
  await supervisor.close();
  expect(base.children()).toEqual([]);
  expect(base.read('cgroup.subtree_control').split(/\s/).filter(Boolean).sort()).toEqual(['cpu', 'memory', 'pids']);
});

test.each([0, 1, -1, 1.5, NaN, 2 ** 22 + 1])('bad pid %d: refused, and its place is given up', async (pid) => {
  const { supervisor, pool } = await create();

  const code = pid > 1.5 ? 'ERR_SPILLWAY_NO_PROCESS' : 'ERR_SPILLWAY_INVALID_OPTION';
  expect(await refusalOf(supervisor.adopt(pid, { id: 'w' }))).toMatchObject({ code });
  const { exited } = await supervisor.spawn('true', [], {}, { id: 'w2' });
  expect(await exited).toMatchObject({ cause: 'exit' });
  expect(pool.children()[0]?.children()).toEqual([]);
});

test('cgroup gone: a group that somebody removes between two workers is made again', async () => {
  const { supervisor, pool } = await create();
  await (await supervisor.spawn('true')).exited;
  pool.children()[0]?.remove();

  expect(await (await supervisor.spawn('true')).exited).toMatchObject({ code: 0 });
});

test('permission lost while it runs: the spawn is refused, the others live on, and it works again when it is back', async () => {
  const base = make();
  giveTo(nobody, base);
  const script = run(
    async ({ spillway, tell, line }, options: Types.SupervisorOptions) => {
      const supervisor = await spillway.Supervisor.create(options);
      const first = await supervisor.spawn('sleep', ['1000']);
      tell('cgroup', supervisor.status().cgroup);
      await line();
      const code = await supervisor.spawn('true', [], {}, { id: 'w' }).catch((error: unknown) => (error as Types.SpillwayError).code);
      tell('refused', { code, first: first.process.exitCode, workers: supervisor.status().workers.length });
      await line();
      tell('exit', await (await supervisor.spawn('true', [], {}, { id: 'w' })).exited);
      await supervisor.close();
      tell('closed', await first.exited);
    },
    { name: 'pool', require: 'kernel', limits } as const,
    { where: base, under: asNobody },
  );
  const group = `${await script.told<string>('cgroup')}/default`;

  chownSync(group, 0, 0);
  script.say('go');
  expect(await script.told('refused')).toEqual({ code: 'ERR_SPILLWAY_PERMISSION', first: null, workers: 1 });

  chownSync(group, nobody, nobody);
  script.say('go');
  expect(await script.told('exit')).toMatchObject({ code: 0, cause: 'exit' });
  expect(await script.told('closed')).toMatchObject({ cause: 'closed' });
  await script.exited;
  expect(base.children().map(({ name }) => name)).toEqual(['supervisor']);
});

test('success as an unprivileged user, in a sub-tree of its own', async () => {
  const base = make();
  giveTo(nobody, base);

  expect(await createAs(asNobody, {}, base)).toMatchObject({ level: 'kernel', cgroup: `${base.directory}/pool`, own: `/${base.name}/supervisor` });
  expect(base.children().map(({ name }) => name)).toEqual(['supervisor']);
  expect(await refusalOf(Supervisor.create({ name: 'supervisor' }))).toMatchObject({ code: 'ERR_SPILLWAY_INVALID_OPTION' });
});
