import { Supervisor } from '../../lib/supervisor/supervisor';
import { EventMemoryMonitor } from '../../lib/monitor/event-memory-monitor';
import { openFiles } from '../support/process-resources';
import { programFile, runIn } from './support/program';
import { refusalOf, useSupervisors } from './support/supervisors';
import { useSupervising } from './support/supervising';
import { TestCgroup, until } from './support/test-cgroup';

const { supervise } = useSupervising();
const { make } = useSupervisors();

/** What create() rejects with; nothing may be left of it. */
async function refusal(base: string, name = 'pool'): Promise<{ code: unknown; message: string }> {
  const files = openFiles();
  const refused = await refusalOf(Supervisor.create({ name, cgroup: base, require: 'kernel', force: true, limits: { highBytes: '64MiB' } }));
  expect(openFiles()).toEqual(files);
  return refused;
}

test.each(['', 'a/b', '..', '.', 'a\0b', 'a\nb', 'a.b', 'x'.repeat(65), 'supervisor'])('the name %j is refused', async (name) => {
  const base = make();

  expect(await refusal(base.directory, name)).toMatchObject({ code: 'ERR_SPILLWAY_INVALID_OPTION' });

  expect(base.children()).toEqual([]);
});

test('a base cgroup that is not there', async () => {
  const base = make();

  expect(await refusal(`${base.directory}/missing`)).toMatchObject({ code: 'ERR_SPILLWAY_CGROUP_NOT_FOUND' });

  expect(base.children()).toEqual([]);
});

test('a base that is no cgroup: a folder elsewhere, a file of a cgroup', async () => {
  const base = make();

  expect(await refusal('/proc')).toMatchObject({ code: 'ERR_SPILLWAY_NOT_CGROUP2' });
  expect(await refusal(`${base.directory}/cgroup.procs`)).toMatchObject({ code: 'ERR_SPILLWAY_NOT_CGROUP2' });
});

test('a base without the memory controller', async () => {
  const outer = make();
  const base = outer.make('base');

  const refused = await refusal(base.directory);

  expect(refused).toMatchObject({ code: 'ERR_SPILLWAY_CONTROLLER_DISABLED' });
  expect(refused.message).toMatch(/\+memory/);
  expect(base.children()).toEqual([]);
});

test('a base that holds processes of others is busy, and they stay', async () => {
  const base = make();
  const { lines } = runIn(base, 'hog', 1);
  await lines.line('held');

  const refused = await refusal(base.directory);

  expect(refused).toMatchObject({ code: 'ERR_SPILLWAY_CGROUP_BUSY' });
  expect(base.processes()).toHaveLength(1);
  expect(base.children()).toEqual([]);
});

test('an unprivileged user without delegation gets ERR_SPILLWAY_PERMISSION, and nothing is left', async () => {
  const base = make();
  const options = { name: 'pool', cgroup: base.directory, require: 'kernel' as const, force: true, limits: { highBytes: '64MiB' } };

  expect(await supervise({ create: options, uid: 65534 }).told('error')).toMatchObject({ code: 'ERR_SPILLWAY_PERMISSION' });
  base.enableMemory();
  const refused = (await supervise({ create: options, uid: 65534 }).told('error')) as { code: string; message: string };

  expect(refused.code).toBe('ERR_SPILLWAY_PERMISSION');
  expect(refused.message).toMatch(/Delegate=yes/);
  expect(base.children()).toEqual([]);
});

test('a supervisor inside the pool that it would throttle is refused', async () => {
  const base = make().enableMemory();
  const pool = base.make('pool').enableMemory();
  const inside = pool.make('inside');
  const child = supervise({ create: { name: 'pool', cgroup: base.directory, force: true, limits: { highBytes: '64MiB' } } }, inside);

  expect(await child.told('error')).toMatchObject({ code: 'ERR_SPILLWAY_INSIDE_POOL' });
  await child.exited;

  expect(child.child.signalCode).toBeNull();
  expect(pool.number('memory.high')).toBe(Infinity);
});

test("cgroup 'auto' in a cgroup of its own: it moves aside, and back again in the next supervisor of the process", async () => {
  const base = make();
  const child = supervise({ create: { name: 'pool', require: 'kernel', force: true, limits: { highBytes: '64MiB' } }, workers: [['sleep', ['1000']]], again: 2 }, base);

  const ready = (await child.told('ready')) as { cgroup: string; own: string };

  expect(ready.cgroup).toBe(`${base.directory}/pool`);
  expect(ready.own).toBe(`0::/${base.name}/supervisor`);
  expect(base.children().map(({ name }) => name).sort()).toEqual(['pool', 'supervisor']);
  expect(base.children().find(({ name }) => name === 'supervisor')?.children()).toEqual([]);
  await child.close();
  expect(base.children().map(({ name }) => name)).toEqual(['supervisor']);
});

test("cgroup 'auto' beside a stranger is busy, and neither is moved", async () => {
  const base = make();
  const stranger = runIn(base, 'hog', 1);
  await stranger.lines.line('held');
  const child = supervise({ create: { name: 'pool', require: 'kernel', force: true, limits: { highBytes: '64MiB' } } }, base);

  const error = (await child.told('error')) as { code: string; message: string };

  expect(error.code).toBe('ERR_SPILLWAY_CGROUP_BUSY');
  expect(error.message).toContain(String(stranger.child.pid));
  await child.exited;
  await until('it to be gone', () => base.processes().length === 1);
  expect(base.children()).toEqual([]);
});

test('a monitor of what is no cgroup, or has no memory controller, does not start', () => {
  const outer = make();
  const without = outer.make('without');
  const start = (cgroup: string): unknown => {
    try {
      return new EventMemoryMonitor({ cgroup }).start();
    } catch (error) {
      return error;
    }
  };
  const files = openFiles();

  expect(start(`${outer.directory}/missing`)).toMatchObject({ code: 'ERR_SPILLWAY_CGROUP_NOT_FOUND' });
  expect(start(without.directory)).toMatchObject({ code: 'ERR_SPILLWAY_CONTROLLER_DISABLED' });
  expect(start('/sys/fs/cgroup')).toMatchObject({ code: 'ERR_SPILLWAY_CONTROLLER_DISABLED' });
  expect(start(programFile('hog'))).toMatchObject({ code: 'ERR_SPILLWAY_NOT_CGROUP2' });
  expect(new TestCgroup(without.directory).exists).toBe(true);
  expect(openFiles()).toEqual(files);
});
