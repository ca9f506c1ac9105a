import { memoryEventKeys } from '../../lib/monitor/types';
import { safetyReads, useMonitors } from './support/monitors';
import { MiB, runIn } from './support/program';
import { until, useCgroups } from './support/test-cgroup';

const { watch } = useMonitors();
const { make } = useCgroups();

test("scope 'subtree' hears the limit of a child, scope 'local' does not", async () => {
  const parent = make({ 'memory.swap.max': 0 }).enableMemory();
  const child = parent.make('child', { 'memory.high': 32 * MiB });
  const subtree = watch(parent);
  const local = watch(parent, { scope: 'local' });
  const own = watch(child, { scope: 'local' });

  runIn(child, 'hog', 8, 4, 5, 400);
  await subtree.ear.until('growth of `high`', () => subtree.ear.breaches.some(({ delta }) => delta.high > 0));
  await own.ear.until('growth of `high`', () => own.ear.breaches.some(({ delta }) => delta.high > 0));
  await safetyReads(3, own);

  expect(local.ear.all).toEqual([]);
  // The parent has no limit, so what its child counts is no shortage of its own.
  expect(subtree.ear.breaches.every(({ short }) => !short)).toBe(true);
  expect(own.ear.breaches.some(({ short }) => short)).toBe(true);
});

test("scope 'local' of a parent hears the parent's limit, reached by its children", async () => {
  const parent = make({ 'memory.high': 40 * MiB, 'memory.swap.max': 0 }).enableMemory();
  const child = parent.make('child');
  const local = watch(parent, { scope: 'local' });
  const own = watch(child);

  runIn(child, 'hog', 8, 4, 5, 400);
  await local.ear.until('growth of `high`', () => local.ear.breaches.some(({ delta, short }) => short && delta.high > 0));

  expect(own.ear.all).toEqual([]);
  expect(child.counter('high')).toBe(0);
});

test('with memory.max only: `max`, `oom` and `oom_kill` are heard, each by the monitor that has the key', async () => {
  const cgroup = make({ 'memory.max': 40 * MiB, 'memory.swap.max': 0 });
  const all = watch(cgroup, { keys: ['max', 'oom', 'oom_kill'] });
  const high = watch(cgroup, { keys: ['high'] });
  const kill = watch(cgroup, { keys: ['oom_kill'] });

  const hog = runIn(cgroup, 'hog', 8, 4, 5, 400);
  await hog.exited;
  expect(hog.child.signalCode).toBe('SIGKILL');
  const counts = ['max', 'oom', 'oom_kill'] as const;
  await all.ear.until('all of it', () => counts.every((key) => all.ear.breaches.at(-1)?.counters[key] === cgroup.counter(key)));
  await kill.ear.until('oom_kill', () => kill.ear.breaches.some(({ delta }) => delta.oom_kill === 1));

  const last = all.ear.breaches.at(-1);
  expect(last?.counters).toMatchObject({ high: 0, oom_kill: 1, oom_group_kill: 0 });
  for (const key of counts) expect(last?.counters[key]).toBeGreaterThan(0);
  expect(all.ear.breaches.some(({ limits }) => limits.highBytes === Infinity && limits.maxBytes === 40 * MiB)).toBe(true);
  // The mark is memory.max then, so the one without these keys tells of the shortage alone.
  expect(high.ear.breaches.every(({ delta }) => delta.high === 0)).toBe(true);
});

test('sums of all deltas are what the kernel has counted in the end', async () => {
  // Close together: above memory.high the kernel lets a process sleep for seconds.
  const cgroup = make({ 'memory.high': 40 * MiB, 'memory.max': 41 * MiB, 'memory.swap.max': 0 });
  const { ear } = watch(cgroup, { keys: [...memoryEventKeys] });

  const hog = runIn(cgroup, 'hog', 8, 4, 5, 400);
  await hog.exited;
  await until('the cgroup to be empty', () => !cgroup.populated);
  // What was counted last is told a little later, and not at all once it is removed.
  await ear.until('the kill', () => ear.breaches.some(({ counters }) => counters.oom_kill === 1));
  cgroup.remove();
  await ear.event('removed');

  const final = ear.removals[0]?.counters;
  const told = Object.fromEntries(memoryEventKeys.map((key) => [key, ear.breaches.reduce((sum, { delta }) => sum + delta[key], 0)]));
  expect(told).toEqual(final);
  expect(final?.oom_kill).toBe(1);
});
