// Places where a supervisor may be started, besides those of systemd and of containers.

import { rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defaultHighBytes } from '../../lib/cgroup/limits';
import { closeJob, doJob, type Made } from './support/layouts';
import { MiB, runIn } from './support/program';
import { asNobody, unshared, useScripts } from './support/scripts';
import { useSupervisors } from './support/supervisors';
import { until, type TestCgroup } from './support/test-cgroup';

const { run } = useScripts();
const { create: supervise, make } = useSupervisors();
const create = { name: 'pool', require: 'kernel', limits: { highBytes: '96MiB' } } as const;
const anything = { ...create, require: 'none' } as const;
const names = (cgroup: TestCgroup): string[] => cgroup.children().map(({ name }) => name).sort();

let links = 0;
const made: string[] = [];
afterEach(() => {
  for (const link of made.splice(0)) rmSync(link);
});

function linkTo({ directory }: TestCgroup): string {
  const link = join(tmpdir(), `spillway-link-${process.pid}-${++links}`);
  symlinkSync(directory, link);
  made.push(link);
  return link;
}

describe('without cgroups to use: polling, and workers run', () => {
  test.each([
    ['an unprivileged user with no delegation', asNobody, 'permission'],
    ['no cgroup v2 mount', unshared(['--mount'], 'umount -l /sys/fs/cgroup'), 'cgroup-mount'],
    ['a mount that another one covers', unshared(['--mount'], 'mount -t tmpfs none /sys/fs/cgroup'), 'cgroup-mount'],
    ['a hybrid host, where version 2 has no controllers and stands elsewhere',
      unshared(['--mount'], 'umount -l /sys/fs/cgroup && mount -t tmpfs none /sys/fs/cgroup && mkdir /sys/fs/cgroup/unified && mount -t cgroup2 none /sys/fs/cgroup/unified'),
      'memory-controller'],
  ])('%s', async (_, under, check) => {
    const outer = make();
    const where = check === 'memory-controller' ? outer.make('without') : outer;
    const job = run(doJob, { create: anything, workers: [['sh', ['-c', 'exit 7'], {}, { id: 'w' }], ['sleep', ['1000']]] }, { where, under });

    expect(await job.told('made')).toMatchObject({ level: 'polling', check, own: where.directory.slice('/sys/fs/cgroup'.length) });
    expect(await job.told('exit')).toMatchObject({ id: 'w', code: 7, cause: 'exit' });
    await closeJob(job);
    expect(names(where)).toEqual([]);
  });
});

describe('a base that holds other processes', () => {
  test.each([
    [create, 'refused'],
    [anything, 'polling'],
  ])('%j: %s, and nobody is moved', async (options, outcome) => {
    const base = make();
    const stranger = runIn(base, 'hog', 1);
    await stranger.lines.line('held');
    const job = run(doJob, { create: options }, { where: base });

    if (outcome === 'refused') expect(await job.told('refused')).toMatchObject({ code: 'ERR_SPILLWAY_CGROUP_BUSY' });
    else expect(await job.told('made')).toMatchObject({ level: 'polling', check: 'processes-in-base', own: `/${base.name}` });
    expect(base.processes()).toContain(stranger.child.pid);
    expect(names(base)).toEqual([]);
  });

  test('with moveOthers: they are moved aside, and live on', async () => {
    const base = make();
    const strangers = [runIn(base, 'hog', 1), runIn(base, 'forker', 2, 'stay')];
    await strangers[0]?.lines.line('held');
    await strangers[1]?.lines.starting('pids');
    const before = base.processes();
    const job = run(doJob, { create: { ...create, moveOthers: true }, workers: [['sh', ['-c', 'exit 7']]] }, { where: base });

    expect(await job.told('made')).toMatchObject({ level: 'kernel', own: `/${base.name}/supervisor` });
    expect(await job.told('exit')).toMatchObject({ code: 7 });
    await closeJob(job);
    expect(names(base)).toEqual(['supervisor']);
    expect(base.children()[0]?.processes()).toEqual(expect.arrayContaining(before));
    expect(before).toHaveLength(4);
  });
});

describe('the default mark follows the limits above', () => {
  test.each(['memory.max', 'memory.high'])('%s of an ancestor, raised, lowered and taken away', async (file) => {
    const outer = make({ [file]: 512 * MiB }).enableMemory();
    const { pool } = await supervise({ base: outer.make('base'), limits: {} });
    expect(pool.number('memory.high')).toBe(384 * MiB);

    for (const bytes of [1024 * MiB, 256 * MiB]) {
      outer.write(file, bytes);
      await until('the mark to follow', () => pool.number('memory.high') === defaultHighBytes(bytes));
    }
    outer.write(file, 'max');
    await until('the mark to follow', () => pool.number('memory.high') > 384 * MiB);
  });

  test('a mark that the user has set stays', async () => {
    const outer = make({ 'memory.max': 512 * MiB }).enableMemory();
    const base = outer.make('base');
    const following = await supervise({ base, name: 'following', limits: {} });
    const { pool } = await supervise({ base, name: 'fixed', limits: { highBytes: 200 * MiB } });

    outer.write('memory.max', 256 * MiB);

    await until('the other one to follow', () => following.pool.number('memory.high') === defaultHighBytes(256 * MiB));
    expect(pool.number('memory.high')).toBe(200 * MiB);
  });
});

describe('one cgroup by several names', () => {
  /** The whole hierarchy a second time. */
  const second = '/run/spillway-second';
  const withSecond = unshared(['--mount'], `mkdir -p ${second} && mount -t cgroup2 none ${second}`);

  test.each([
    ['a link', (base: TestCgroup) => linkTo(base)],
    ['a second mount', (base: TestCgroup) => `${second}/${base.name}`],
  ])('inside the pool, which is named by %s', async (_, name) => {
    const base = make().enableMemory();
    const inside = base.make('pool').enableMemory().make('inside');

    for (const where of [inside, base.make('pool2')]) {
      const job = run(doJob, { create: { ...create, name: where === inside ? 'pool' : 'pool2', cgroup: name(base) } }, { where, under: withSecond });
      expect(await job.told('refused')).toMatchObject({ code: 'ERR_SPILLWAY_INSIDE_POOL' });
    }
    expect(base.children().map((pool) => pool.number('memory.high'))).toEqual([Infinity, Infinity]);
  });

  test.each([
    ['a link', (base: TestCgroup) => linkTo(base)],
    ['a second mount', (base: TestCgroup) => `${second}/${base.name}`],
  ])('its own cgroup, named by %s: it moves aside', async (_, name) => {
    const base = make();
    const job = run(doJob, { create: { ...create, cgroup: name(base) }, workers: [['sh', ['-c', 'exit 7']]] }, { where: base, under: withSecond });

    const { level, own } = await job.told<Made>('made');

    expect([level, own]).toEqual(['kernel', `/${base.name}/supervisor`]);
    expect(await job.told('exit')).toMatchObject({ code: 7 });
    await closeJob(job);
    expect(names(base)).toEqual(['supervisor']);
  });
});
