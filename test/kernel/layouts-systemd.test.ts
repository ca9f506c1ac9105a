// Supervisors in cgroups as systemd makes them for services, and for the programs of a user's session.

import { chownSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { closeJob, doJob, markDelegated, useSystemd, type Made } from './support/layouts';
import { programFile } from './support/program';
import { asNobody, giveTo, nobody, useScripts } from './support/scripts';
import { TestCgroup, until } from './support/test-cgroup';

const { run } = useScripts();
const { makeSlice } = useSystemd();
const create = { name: 'pool', require: 'kernel', limits: { highBytes: '96MiB' }, takeoverMs: 5000, victimTimeoutMs: 20_000 } as const;
const names = (cgroup: TestCgroup): string[] => cgroup.children().map(({ name }) => name).sort();

test('a service with Delegate=yes: it moves aside, workers run, and nothing but its own place is left', async () => {
  const service = makeSlice().make('job.service');
  markDelegated(service);
  const job = run(doJob, { create, workers: [['sh', ['-c', 'exit 3'], {}, { id: 'w' }]] }, { where: service });

  const made = await job.told<Made>('made');

  expect(made).toMatchObject({ level: 'kernel', cgroup: join(service.directory, 'pool') });
  expect(made.own).toMatch(/\/job\.service\/supervisor$/);
  expect(await job.told('exit')).toMatchObject({ id: 'w', code: 3 });
  await closeJob(job);
  expect(names(service)).toEqual(['supervisor']);
});

test('started again in the place of a dead one: what that has left is gone', async () => {
  const service = makeSlice().make('job.service');
  markDelegated(service);
  const first = run(doJob, { create, workers: [['sleep', ['1000']]] }, { where: service });
  await first.told('ready');
  first.child.kill('SIGKILL');
  await first.exited;

  const second = run(doJob, { create }, { where: new TestCgroup(join(service.directory, 'supervisor')) });

  expect(await second.told('made')).toMatchObject({ level: 'kernel', cgroup: join(service.directory, 'pool') });
  expect(new TestCgroup(join(service.directory, 'pool')).populated).toBe(false);
  await closeJob(second);
  expect(names(service)).toEqual(['supervisor']);
});

test('with DelegateSubgroup=: it stays where systemd has put it', async () => {
  const service = makeSlice().make('job.service');
  markDelegated(service);
  const job = run(doJob, { create, workers: [['sleep', ['1000']]] }, { where: service.make('main') });

  const made = await job.told<Made>('made');

  expect(made).toMatchObject({ level: 'kernel', cgroup: join(service.directory, 'pool') });
  expect(made.own).toMatch(/\/job\.service\/main$/);
  await closeJob(job);
  expect(names(service)).toEqual(['main']);
});

test('in a cgroup that the program has made below a delegated one', async () => {
  const service = makeSlice().make('job.service');
  markDelegated(service);
  const below = service.enableMemory().make('part').enableMemory().make('deeper');
  const job = run(doJob, { create }, { where: below });

  expect(await job.told('made')).toMatchObject({ level: 'kernel', cgroup: join(below.directory, 'pool') });
  await closeJob(job);
});

describe('a service that was not delegated', () => {
  test('with kernel required: refused, and it stays where it is', async () => {
    const service = makeSlice().make('job.service');
    const job = run(doJob, { create }, { where: service });

    const refused = await job.told<{ code: string; message: string; own: string }>('refused');

    expect(refused.code).toBe('ERR_SPILLWAY_NOT_DELEGATED');
    expect(refused.message).toMatch(/job\.service.*Delegate=yes/s);
    expect(refused.own).toMatch(/\/job\.service$/);
    expect(names(service)).toEqual([]);
  });

  test('with nothing required: polling, for that reason', async () => {
    const service = makeSlice().make('job.service');
    const job = run(doJob, { create: { ...create, require: 'none' }, workers: [['sh', ['-c', 'exit 3']]] }, { where: service });

    expect(await job.told('made')).toMatchObject({ level: 'polling', check: 'delegation' });
    expect(await job.told('exit')).toMatchObject({ code: 3, cause: 'exit' });
    await closeJob(job);
    expect(names(service)).toEqual([]);
  });

  test('with force: it works', async () => {
    const service = makeSlice().make('job.service');
    const job = run(doJob, { create: { ...create, force: true } }, { where: service });

    expect(await job.told('made')).toMatchObject({ level: 'kernel', cgroup: join(service.directory, 'pool') });
    await closeJob(job);
  });

  test('a slice, which systemd never hands over, named by its path', async () => {
    const slice = makeSlice();
    const job = run(doJob, { create: { ...create, cgroup: slice.directory } });

    expect(await job.told('refused')).toMatchObject({ code: 'ERR_SPILLWAY_NOT_DELEGATED' });
    expect(names(slice)).toEqual([]);
  });
});

test('a scope of a user session (systemd-run --user --scope -p Delegate=yes): only its unit file tells', async () => {
  const slice = makeSlice();
  const manager = slice.make('user@65534.service');
  markDelegated(manager);
  const app = manager.enableMemory().make('app.slice').enableMemory();
  const scope = app.make('run-1.scope');
  const other = app.make('run-2.scope');
  for (const cgroup of [manager, app, scope, other]) giveTo(nobody, cgroup);
  const runtime = mkdtempSync(join(tmpdir(), 'spillway-runtime-'));
  chownSync(runtime, nobody, nobody);
  mkdirSync(join(runtime, 'systemd/transient'), { recursive: true });
  writeFileSync(join(runtime, 'systemd/transient/run-1.scope'), '[Scope]\nDelegate=yes\n');
  writeFileSync(join(runtime, 'systemd/transient/run-2.scope'), '[Scope]\n');
  const place = (where: TestCgroup): Parameters<typeof run>[2] => ({ where, under: asNobody, env: { XDG_RUNTIME_DIR: runtime, HOME: '/nonexistent' } });

  const job = run(doJob, { create }, place(scope));
  expect(await job.told('made')).toMatchObject({ level: 'kernel', cgroup: join(scope.directory, 'pool') });
  await closeJob(job);

  const refused = run(doJob, { create }, place(other));
  expect(await refused.told('refused')).toMatchObject({ code: 'ERR_SPILLWAY_NOT_DELEGATED' });
  rmSync(runtime, { recursive: true });
});

test('an unprivileged delegatee: relief works, and every end is told as it was', async () => {
  const scope = makeSlice().make('run-1.scope');
  markDelegated(scope);
  giveTo(nobody, scope);
  const node = process.execPath;
  const job = run(
    doJob,
    {
      create,
      workers: [
        ['sh', ['-c', 'exit 7'], {}, { id: 'exit' }],
        ['sh', ['-c', 'kill -TERM $$'], {}, { id: 'signal' }],
        [node, [programFile('hog'), '8', '4', '10', '400'], {}, { id: 'own-limit', memory: { maxBytes: '24MiB' } }],
        [node, [programFile('hog'), '8', '4', '10', '400'], {}, { id: 'relief', retriable: true }],
        ['sleep', ['1000'], {}, { id: 'closed' }],
      ],
    },
    { where: scope, under: asNobody },
  );

  expect(await job.told('made')).toMatchObject({ level: 'kernel' });
  await until('four exits', () => job.allTold('exit').length === 4);
  await closeJob(job);

  const exits = Object.fromEntries(job.allTold<{ id: string }>('exit').map((each) => [each.id, each]));
  expect(exits).toMatchObject({
    exit: { code: 7, cause: 'exit' },
    signal: { signal: 'SIGTERM', cause: 'signal' },
    'own-limit': { signal: 'SIGKILL', cause: 'kernel-oom', blame: 'own-limit', retryHint: 'bigger' },
    relief: { signal: 'SIGKILL', cause: 'spillway', blame: 'pool', retryHint: 'elsewhere' },
    closed: { cause: 'closed' },
  });
  expect(job.allTold('victim')).toMatchObject([{ id: 'relief' }]);
  expect(names(scope)).toEqual(['supervisor']);
});
