// createMonitors() and a supervisor's monitors on real cgroups.

import { once } from 'node:events';
import { createMonitors, type CreateMonitorsOptions } from '../../lib/monitor/create-monitors';
import { PressureMemoryMonitor } from '../../lib/monitor/pressure-memory-monitor';
import type { Breach, MemoryMonitor } from '../../lib/monitor/types';
import type { ReliefReport } from '../../lib/supervisor/types';
import { MiB, runIn } from './support/program';
import { unshared, useScripts } from './support/scripts';
import { useSupervisors } from './support/supervisors';
import { until, useCgroups, type TestCgroup } from './support/test-cgroup';

const monitors: MemoryMonitor[] = [];
afterEach(() => {
  for (const monitor of monitors.splice(0)) monitor.stop();
});
const { run } = useScripts();
const { create } = useSupervisors();
const { make } = useCgroups();

interface Heard {
  made: string[];
  breaches: Breach[];
  sources: () => string[];
}

function listen(cgroup: TestCgroup, options: CreateMonitorsOptions = {}): Heard {
  const { monitors: all, decisions } = createMonitors({ cgroup: cgroup.directory, safetyReadMs: 100, ...options });
  monitors.push(...all);
  const breaches: Breach[] = [];
  for (const monitor of all) monitor.on('breach', (breach) => breaches.push(breach)).start();
  return { made: decisions.filter(({ made }) => made).map(({ name }) => name), breaches, sources: () => [...new Set(breaches.map(({ source }) => source))].sort() };
}

test('memory.high: events and a threshold; on request pressure; all of them hear a hog', async () => {
  const cgroup = make({ 'memory.high': 24 * MiB, 'memory.swap.max': 0 });
  const heard = listen(cgroup, { pressure: { stallMs: 10, windowMs: 1000 } });
  expect(heard.made).toEqual(['event', 'threshold', 'pressure']);

  runIn(cgroup, 'hog', 32, 4, 5, 400);
  await until('all three', () => heard.sources().length === 3);

  expect(heard.breaches.filter(({ source }) => source !== 'pressure').every((each) => each.cgroup === cgroup.directory)).toBe(true);
});

test('memory.max alone: the threshold is heard while the kernel has killed nobody', async () => {
  const cgroup = make({ 'memory.max': 128 * MiB, 'memory.swap.max': 0 });
  const heard = listen(cgroup);
  expect(heard.made).toEqual(['event', 'threshold']);
  const hog = runIn(cgroup, 'hog', 16);
  await hog.lines.line('held');

  // Between the threshold (0.95) and the limit.
  const room = Math.floor((0.97 * 128 * MiB - cgroup.number('memory.stat', 'anon') - cgroup.number('memory.stat', 'kernel')) / MiB);
  hog.child.stdin?.write(`${room}\n`);
  await until('the threshold', () => heard.sources().includes('threshold'));

  expect(cgroup.counter('oom_kill')).toBe(0);
});

test('no limit: the host is measured, and of a cgroup that was named that one', () => {
  expect(listen(make()).made).toEqual(['threshold']);
  expect(createMonitors().decisions.map(({ made }) => made)).toEqual([false, true, false]);
  expect(createMonitors().monitors).toMatchObject([{ cgroup: 'the host' }]);
});

test("as systemd starts a service: its pressure is heard by the service, by systemd's trigger", async () => {
  const cgroup = make({ 'memory.high': 24 * MiB, 'memory.swap.max': 0 });
  const env = { MEMORY_PRESSURE_WATCH: `${cgroup.directory}/memory.pressure`, MEMORY_PRESSURE_WRITE: Buffer.from('some 10000 2000000\0').toString('base64') };
  const monitor = PressureMemoryMonitor.fromEnvironment({ safetyReadMs: 100 }, env);
  if (monitor === undefined) throw new Error('it is not made');
  monitors.push(monitor);
  monitor.start();
  expect(monitor.granted).toEqual({ stallMs: 10, windowMs: 2000 });

  runIn(cgroup, 'hog', 32, 4, 5, 400);
  expect((await once(monitor, 'breach'))[0]).toMatchObject({ source: 'pressure', stall: 'some', stallMs: 10, windowMs: 2000, cgroup: cgroup.directory });
});

test('in a container: its own cgroup is found, and told why', async () => {
  const box = make({ 'memory.max': 256 * MiB });
  const container = unshared(['--cgroup', '--mount'], 'umount -l /sys/fs/cgroup && mount -t cgroup2 none /sys/fs/cgroup');
  const job = run(
    ({ spillway, tell }) => {
      const made = spillway.createMonitors({ pressure: true });
      tell('made', { cgroups: made.monitors.map((each) => (each as unknown as { cgroup: string }).cgroup), decisions: made.decisions });
      return Promise.resolve();
    },
    undefined,
    { where: box, under: container },
  );
  expect(await job.told('made')).toMatchObject({
    cgroups: ['/sys/fs/cgroup', '/sys/fs/cgroup', '/sys/fs/cgroup'],
    decisions: [{ name: 'event', made: true, reason: expect.stringContaining('memory.max of /sys/fs/cgroup (256 MiB)') as string }, { name: 'threshold', made: true }, { name: 'pressure', made: true }],
  });
});

test('a supervisor hears stalls of its pool on request, and kills once for a shortage that both hear', async () => {
  const pool = await create({ monitors: { pressure: { stallMs: 10, windowMs: 1000 } } });
  expect(pool.supervisor.status().watches).toMatchObject([{ source: 'event', state: 'ok', cgroup: pool.pool.directory }, { source: 'pressure', state: 'ok', cgroup: pool.pool.directory }]);
  await pool.start('hog', [8, 4, 10, 400], { id: 'hog', retriable: true });

  const report: ReliefReport = await pool.relief(1);

  expect(report).toMatchObject({ outcome: 'relieved', victims: [{ id: 'hog' }] });
  await until('the end of the shortage', () => pool.supervisor.status().pool?.short === false);
  expect(pool.victims.map(({ id }) => id)).toEqual(['hog']);
});
