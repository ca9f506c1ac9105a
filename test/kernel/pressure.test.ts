import { existsSync } from 'node:fs';
import { PressureMemoryMonitor, type PressureMemoryMonitorOptions } from '../../lib/monitor/pressure-memory-monitor';
import { openFiles } from '../support/process-resources';
import { PressureEar } from '../support/pressure-ear';
import { safetyReads, safetyReadMs, useMonitors } from './support/monitors';
import { MiB, runIn } from './support/program';
import { useCgroups, type TestCgroup } from './support/test-cgroup';

const monitors: PressureMemoryMonitor[] = [];
afterEach(() => {
  for (const monitor of monitors.splice(0)) monitor.stop();
});
const { watch: watchEvents } = useMonitors();
const { make } = useCgroups();

/** A hundredth of each second; the guest's other work stalls no cgroup of a test. */
const trigger = { stallMs: 10, windowMs: 1000, safetyReadMs } as const;

/** Its safety reads come too late to hear anything: what is told, the kernel told. */
const byEventsAlone = { ...trigger, safetyReadMs: 3_600_000 } as const;

interface Watched {
  monitor: PressureMemoryMonitor;
  ear: PressureEar;
}

function watch(cgroup: TestCgroup | undefined, options: PressureMemoryMonitorOptions = {}): Watched {
  const monitor = new PressureMemoryMonitor({ ...trigger, ...(cgroup !== undefined && { cgroup: cgroup.directory }), ...options });
  monitors.push(monitor);
  const ear = new PressureEar(monitor);
  monitor.start();
  return { monitor, ear };
}

/** A worker far over its memory.high with nothing to reclaim: the kernel reclaims in vain and lets it sleep. */
function throttled(): TestCgroup {
  const cgroup = make({ 'memory.high': 24 * MiB, 'memory.swap.max': 0 });
  runIn(cgroup, 'hog', 32, 4, 5, 400);
  return cgroup;
}

/** Lets some safety reads pass, by what an event monitor of a cgroup that is always short tells of them. */
async function someSafetyReads(count: number): Promise<void> {
  const other = make({ 'memory.high': 4096 });
  runIn(other, 'hog', 8);
  const metronome = watchEvents(other);
  await metronome.ear.breach(1);
  await safetyReads(count, metronome);
}

test('a worker over its memory.high is told as a stall, by the kernel', async () => {
  const cgroup = make({ 'memory.high': 24 * MiB, 'memory.swap.max': 0 });
  const { monitor, ear } = watch(cgroup, byEventsAlone);
  expect(monitor).toMatchObject({ state: 'ok', granted: { stallMs: 10, windowMs: 1000 } });

  runIn(cgroup, 'hog', 32, 4, 5, 400);
  const breach = await ear.breach(1);

  expect(monitor.state).toBe('breached');
  expect(breach).toMatchObject({ source: 'pressure', cgroup: cgroup.directory, stall: 'full', stallMs: 10, windowMs: 1000, sequence: 1, limits: { highBytes: 24 * MiB } });
  expect(breach.growth.fullMs).toBeGreaterThanOrEqual(9.999);
  expect(breach.totals.fullMs).toBeGreaterThanOrEqual(breach.growth.fullMs);
  expect(breach.totals.someMs).toBeGreaterThanOrEqual(breach.totals.fullMs);
  expect(breach.usage.currentBytes).toBeGreaterThan(16 * MiB);
  expect(breach.detectedAtMs).toBeLessThanOrEqual(performance.now());
});

test('a stall that goes on is told again, and is short where memory cannot be reclaimed', async () => {
  const { ear } = watch(throttled());

  const breaches = [await ear.breach(1), await ear.breach(2), await ear.breach(3)];

  expect(breaches.map(({ sequence }) => sequence)).toEqual([1, 2, 3]);
  expect(breaches.every(({ growth }) => growth.fullMs >= 9.999)).toBe(true);
  expect(breaches.at(-1)).toMatchObject({ short: true, reason: expect.stringContaining('it is short') as string });
});

test("'clear' comes once when the worker is gone, and the next stall is told anew", async () => {
  const cgroup = make({ 'memory.high': 24 * MiB, 'memory.swap.max': 0 });
  const { monitor, ear } = watch(cgroup);
  const hog = runIn(cgroup, 'hog', 32, 4, 5, 400);
  await ear.breach(1);

  hog.child.kill('SIGKILL');
  await ear.event('clear');

  expect(monitor.state).toBe('ok');
  expect(ear.events.filter((event) => event === 'clear')).toHaveLength(1);
  const breaches = ear.breaches.length;
  runIn(cgroup, 'hog', 32, 4, 5, 400);
  await ear.breach(breaches + 1);
});

test('without a stall nothing is told, by no trigger of many, and counts from before start() raise nothing', async () => {
  const stalled = make({ 'memory.high': 24 * MiB, 'memory.swap.max': 0 });
  const hog = runIn(stalled, 'hog', 32, 4, 5, 400);
  await watch(stalled).ear.breach(1);
  hog.child.kill('SIGKILL');
  await hog.exited;
  const calm = make({ 'memory.high': 400 * MiB });
  await runIn(calm, 'hog', 32).lines.line('held');

  const watched = [
    watch(calm), watch(calm, { windowMs: 100 }), watch(calm, { windowMs: 2000, stall: 'some' }), watch(calm, byEventsAlone),
    watch(stalled), watch(stalled, { windowMs: 2000, stall: 'some' }),
  ];
  await someSafetyReads(30);

  expect(watched.map(({ ear }) => ear.events)).toEqual(watched.map(() => []));
});

test('the stall of one cgroup is not that of its neighbour', async () => {
  const calm = make({ 'memory.high': 400 * MiB });
  await runIn(calm, 'hog', 32).lines.line('held');
  const neighbour = watch(calm);

  await watch(throttled()).ear.breach(2);

  expect(neighbour.ear.events).toEqual([]);
});

test('the host and a parent hear the stall of a child', async () => {
  const parent = make({ 'memory.swap.max': 0 }).enableMemory();
  const child = parent.make('child', { 'memory.high': 24 * MiB });
  const [host, above] = [watch(undefined, { stall: 'some' }), watch(parent)];

  runIn(child, 'hog', 32, 4, 5, 400);

  expect(await above.ear.breach(1)).toMatchObject({ cgroup: parent.directory, short: false });
  expect(await host.ear.breach(1)).toMatchObject({ cgroup: 'the host', stall: 'some', short: false, usage: {}, limits: {} });
});

test('windows from 50 ms to 10 s are granted as they are asked for', () => {
  const cgroup = make();
  for (const windowMs of [500, 1000, 1234, 2000, 3000, 9999, 10_000]) {
    expect(watch(cgroup, { windowMs }).monitor.granted).toEqual({ stallMs: 10, windowMs });
  }
  // Linux 6.5 takes it as it is.
  expect([{ stallMs: 10, windowMs: 50 }, { stallMs: 100, windowMs: 500 }]).toContainEqual(watch(cgroup, { windowMs: 50 }).monitor.granted);
});

test("the removal of a cgroup ends in 'removed' at once, without a safety read", async () => {
  const cgroup = make();
  const before = openFiles();
  const { monitor, ear } = watch(cgroup, byEventsAlone);

  cgroup.remove();
  await ear.event('removed');

  expect(ear.events).toEqual(['removed']);
  expect(ear.removals).toEqual([{ cgroup: cgroup.directory, totals: { someMs: 0, fullMs: 0 }, exact: false }]);
  expect(monitor).toMatchObject({ running: false, state: 'stopped' });
  expect(openFiles()).toEqual(before);
});

test('accounting that is switched off says so, and ends the monitor', async () => {
  const cgroup = make();
  // Linux 6.1.
  if (!existsSync(`${cgroup.directory}/cgroup.pressure`)) return;
  const { ear } = watch(cgroup, byEventsAlone);

  cgroup.write('cgroup.pressure', 0);
  await ear.event('removed');

  expect(ear.events).toEqual(['degraded', 'removed']);
  expect(ear.errors[0]).toMatchObject({ code: 'ERR_SPILLWAY_PRESSURE_DISABLED' });
});
