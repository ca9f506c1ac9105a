// Supervisors where containers run them: in a cgroup namespace, with a mount of their own.

import { join } from 'node:path';
import type * as Types from '../../lib/index';
import type * as LimitsModule from '../../lib/cgroup/limits';
import { defaultHighBytes } from '../../lib/cgroup/limits';
import { closeJob, doJob, type Made } from './support/layouts';
import { MiB, programFile } from './support/program';
import { asNobody, giveTo, nobody, unshared, useScripts } from './support/scripts';
import { until, useCgroups, type TestCgroup } from './support/test-cgroup';

const { run } = useScripts();
const { make } = useCgroups();
const create = { name: 'pool', require: 'kernel', safetyReadMs: 100, takeoverMs: 5000, victimTimeoutMs: 20_000 } as const;
const names = (cgroup: TestCgroup): string[] => cgroup.children().map(({ name }) => name).sort();
const pool = (box: TestCgroup): TestCgroup => box.children().find(({ name }) => name === 'pool') ?? box;

/** The same file system cannot be mounted upon itself. */
const mountAnew = 'umount -l /sys/fs/cgroup && mount -t cgroup2 none /sys/fs/cgroup';
const container = unshared(['--cgroup', '--mount'], mountAnew);

test('the default mark comes from the memory.max of the namespace root, and follows it', async () => {
  const box = make({ 'memory.max': 512 * MiB });
  const job = run(doJob, { create, workers: [['sleep', ['1000']]] }, { where: box, under: container });

  const made = await job.told<Made>('made');

  expect(made).toMatchObject({ level: 'kernel', cgroup: '/sys/fs/cgroup/pool', own: '/supervisor', highBytes: 384 * MiB });
  await job.told('ready');
  expect(pool(box).number('memory.high')).toBe(384 * MiB);
  box.write('memory.max', 1024 * MiB);
  await until('the mark to follow', () => pool(box).number('memory.high') === defaultHighBytes(1024 * MiB));
  await closeJob(job);
  expect(names(box)).toEqual(['supervisor']);
});

test('limits above the namespace root are told as unknown', async () => {
  const outer = make({ 'memory.max': 256 * MiB }).enableMemory();
  const box = outer.make('box');
  const told = run(
    ({ spillway, lib, tell }) => {
      const lowest = (lib('cgroup/limits') as typeof LimitsModule).lowestLimitOf('/sys/fs/cgroup');
      const findings: Types.Finding[] = spillway.preflight();
      tell('lowest', { ...lowest, finding: findings.find(({ check }) => check === 'visible-limits')?.message });
      return Promise.resolve();
    },
    undefined,
    { where: box, under: container },
  ).told('lowest');

  // Infinity has no JSON.
  expect(await told).toMatchObject({ bytes: null, unknownAbove: true, finding: expect.stringContaining('cannot be seen') as string });
});

test('relief and the causes of exits', async () => {
  const box = make({ 'memory.max': 512 * MiB });
  const hog = [process.execPath, [programFile('hog'), '8', '4', '10', '400']] as const;
  const workers: Parameters<typeof doJob>[1]['workers'] = [
    [hog[0], [...hog[1]], {}, { id: 'own-limit', memory: { maxBytes: '24MiB' } }],
    [hog[0], [...hog[1]], {}, { id: 'relief', retriable: true }],
    ['sh', ['-c', 'exit 7'], {}, { id: 'exit' }],
  ];
  const job = run(doJob, { create: { ...create, limits: { highBytes: '96MiB' } }, workers }, { where: box, under: container });

  await until('three exits', () => job.allTold('exit').length === 3);

  const exits = Object.fromEntries(job.allTold<{ id: string }>('exit').map((each) => [each.id, each]));
  expect(exits).toMatchObject({
    exit: { code: 7, cause: 'exit' },
    'own-limit': { cause: 'kernel-oom', blame: 'own-limit' },
    relief: { cause: 'spillway', blame: 'pool' },
  });
  await closeJob(job);
});

test('as the first process of a pid namespace, which gets orphans: they are ended with their worker', async () => {
  const box = make();
  // The process that makes the pid namespace stays outside of the box.
  const enter = unshared(['--pid', '--fork', '--mount', '--mount-proc'], `echo 0 >${box.directory}/cgroup.procs`);
  const workers: Parameters<typeof doJob>[1]['workers'] = [
    ['sh', ['-c', 'setsid sleep 1000 & exit 5'], {}, { id: 'daemonises' }],
    ['sleep', ['1000'], {}, { id: 'stays' }],
  ];
  const job = run(doJob, { create: { ...create, limits: { highBytes: '96MiB' } }, workers }, { under: [...enter, ...container] });

  expect(await job.told('made')).toMatchObject({ level: 'kernel', own: '/supervisor' });
  expect(await job.told('exit')).toMatchObject({ id: 'daemonises', code: 5, cause: 'exit' });
  await closeJob(job);
  expect(names(box)).toEqual(['supervisor']);
});

test('beside a process of another pid namespace, which cannot be moved: busy', async () => {
  const box = make();
  const under = ['unshare', '--pid', '--fork', '--mount', '--mount-proc', ...container];
  const job = run(doJob, { create: { ...create, moveOthers: true, limits: { highBytes: '96MiB' } } }, { where: box, under });

  expect(await job.told('refused')).toMatchObject({ code: 'ERR_SPILLWAY_CGROUP_BUSY', message: expect.stringContaining('pid namespace') as string });
  expect(names(box)).toEqual([]);
});

test('an unprivileged user, to whom the namespace root was given', async () => {
  const box = make({ 'memory.max': 512 * MiB });
  giveTo(nobody, box);
  const job = run(doJob, { create, workers: [['sh', ['-c', 'exit 7']]] }, { where: box, under: [...container, ...asNobody] });

  expect(await job.told('made')).toMatchObject({ level: 'kernel', highBytes: 384 * MiB, own: '/supervisor' });
  expect(await job.told('exit')).toMatchObject({ code: 7 });
  await closeJob(job);
  expect(names(box)).toEqual(['supervisor']);
});

test('read-only, as Docker mounts it: polling', async () => {
  const under = unshared(['--cgroup', '--mount'], `${mountAnew} && mount -o remount,bind,ro /sys/fs/cgroup`);
  const job = run(doJob, { create: { ...create, require: 'none' }, workers: [['sh', ['-c', 'exit 7']]] }, { where: make(), under });

  expect(await job.told('made')).toMatchObject({ level: 'polling', check: 'permission' });
  expect(await job.told('exit')).toMatchObject({ code: 7 });
  await closeJob(job);
});

test("with the host's whole tree bound into it", async () => {
  const box = make();
  const job = run(doJob, { create, workers: [['sh', ['-c', 'exit 7']]] }, { where: box, under: unshared(['--cgroup', '--mount'], 'true') });

  expect(await job.told('made')).toMatchObject({ level: 'kernel', cgroup: join(box.directory, 'pool') });
  expect(await job.told('exit')).toMatchObject({ code: 7 });
  await closeJob(job);
});
