import type { Breach } from '../../lib/monitor/types';
import { openFiles } from '../support/process-resources';
import { safetyReads, useMonitors } from './support/monitors';
import { MiB, runIn } from './support/program';
import { until, useCgroups } from './support/test-cgroup';

const { watch } = useMonitors();
const { make } = useCgroups();

test('growth of `high` raises a breach with plausible figures', async () => {
  const cgroup = make({ 'memory.high': 40 * MiB, 'memory.swap.max': 0 });
  const { monitor, ear } = watch(cgroup);
  expect(monitor.state).toBe('ok');
  runIn(cgroup, 'hog', 8, 4, 5, 400);

  // Before Linux 6.8 a reader of memory.stat does not wait while another flushes it: what it sees may be old.
  const isFresh = ({ short, usage }: Breach) => short && (usage.anonBytes ?? 0) > 20 * MiB;
  await ear.until('a short breach that tells of the memory', () => ear.breaches.some(isFresh));

  const breach = ear.breaches.find(isFresh);
  expect(monitor.state).toBe('breached');
  expect(breach).toMatchObject({ source: 'event', cgroup: cgroup.directory, limits: { highBytes: 40 * MiB, maxBytes: Infinity, swapMaxBytes: 0 } });
  expect(breach?.usage.currentBytes).toBeGreaterThan(38 * MiB);
  expect(breach?.usage.currentBytes).toBeLessThan(400 * MiB);
  expect(breach?.usage.pinnedBytes).toBeGreaterThan(38 * MiB);
  expect(breach?.usage.pinnedBytes).toBeLessThanOrEqual((breach?.usage.currentBytes ?? 0));
  expect(breach?.detectedAtMs).toBeLessThanOrEqual(performance.now());
  expect(breach?.reason).toMatch(/is short of memory: .* cannot be reclaimed, memory\.high is 40/);
  await ear.until('growth of `high`', () => ear.breaches.some(({ delta, counters }) => delta.high > 0 && counters.high >= delta.high));
  expect(ear.breaches.map(({ sequence }) => sequence)).toEqual(ear.breaches.map((_, index) => index + 1));
});

test('counts from before start() raise nothing', async () => {
  const cgroup = make({ 'memory.high': 32 * MiB, 'memory.swap.max': 0 });
  const hog = runIn(cgroup, 'hog', 8, 4, 5, 400);
  await until('`high` to grow', () => cgroup.counter('high') > 0);
  hog.child.kill('SIGKILL');
  await hog.exited;
  const counted = cgroup.counter('high');
  const other = make({ 'memory.high': 4096 });
  runIn(other, 'hog', 8);
  const metronome = watch(other);

  const { ear } = watch(cgroup);
  await safetyReads(3, metronome);

  expect(counted).toBeGreaterThan(0);
  expect(ear.all).toEqual([]);
});

test('the counters of a later breach go on from those before start(), its delta does not hold them', async () => {
  const cgroup = make({ 'memory.high': 32 * MiB, 'memory.swap.max': 0 });
  const hog = runIn(cgroup, 'hog', 8, 4, 5, 400);
  await until('`high` to grow', () => cgroup.counter('high') > 0);
  hog.child.kill('SIGKILL');
  await hog.exited;
  const before = cgroup.counter('high');
  const { ear } = watch(cgroup);

  runIn(cgroup, 'hog', 8, 4, 5, 400);
  await ear.until('growth of `high`', () => ear.breaches.some(({ delta }) => delta.high > 0));

  let counted = before;
  for (const { counters, delta } of ear.breaches) {
    counted += delta.high;
    expect(counters.high).toBe(counted);
  }
});

test('a lowered memory.high, which the kernel does not report, is found by the safety read', async () => {
  const cgroup = make({ 'memory.swap.max': 0 });
  const { lines } = runIn(cgroup, 'hog', 40);
  await lines.line('held');
  const { ear } = watch(cgroup);
  expect(cgroup.counter('high')).toBe(0);

  // Reclaims in the writer's context, which counts nothing.
  cgroup.write('memory.high', 24 * MiB);
  const breach = await ear.breach(1);

  expect(breach).toMatchObject({ short: true, limits: { highBytes: 24 * MiB } });
  expect(breach.usage.anonBytes).toBeGreaterThan(40 * MiB);
});

test("'clear' comes when the memory is gone, and once", async () => {
  const cgroup = make({ 'memory.high': 40 * MiB, 'memory.swap.max': 0 });
  const { monitor, ear } = watch(cgroup);
  const hog = runIn(cgroup, 'hog', 8, 4, 5, 400);
  await ear.until('a short breach', () => ear.breaches.some(({ short }) => short));

  hog.child.kill('SIGKILL');
  await ear.event('clear');

  expect(monitor.state).toBe('ok');
  expect(ear.events.filter((event) => event === 'clear')).toHaveLength(1);
  expect(ear.events.at(-1)).toBe('clear');
  runIn(cgroup, 'hog', 8, 4, 5, 400);
  const breaches = ear.breaches.length;
  await ear.until('the next short breach', () => ear.breaches.slice(breaches).some(({ short }) => short));
});

test('on cgroup v2 it listens on the file itself: no inotify, and stop() lets go of all', () => {
  const cgroup = make({ 'memory.high': 40 * MiB });
  const before = openFiles();

  const { monitor } = watch(cgroup);
  const during = openFiles();
  monitor.stop();

  expect(during).toContain(`${cgroup.directory}/memory.events`);
  expect(during).toContain('anon_inode:[eventpoll]');
  expect(during.filter((name) => name.includes('inotify'))).toEqual(before.filter((name) => name.includes('inotify')));
  expect(openFiles()).toEqual(before);
});
