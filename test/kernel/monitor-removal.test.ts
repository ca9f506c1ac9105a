import { isFailure, native } from '../../lib/native';
import { safetyReads, useMonitors } from './support/monitors';
import { MiB, runIn } from './support/program';
import { until, useCgroups, type TestCgroup } from './support/test-cgroup';

const { watch } = useMonitors();
const { make } = useCgroups();

/** Counts some `high` events in a cgroup and leaves it empty. */
async function used(cgroup: TestCgroup): Promise<void> {
  const hog = runIn(cgroup, 'hog', 8, 4, 5, 400);
  await until('`high` to grow', () => cgroup.counter('high') > 0);
  hog.child.kill('SIGKILL');
  await hog.exited;
  await until('it to be empty', () => !cgroup.populated);
}

/** Waits until all watches have read their cgroups again. */
async function someSafetyReads(): Promise<void> {
  const other = make({ 'memory.high': 4096 });
  runIn(other, 'hog', 8);
  const metronome = watch(other);
  await metronome.ear.breach(1);
  await safetyReads(1, metronome);
}

test("a cgroup that was empty ends in 'removed' with the final counters, exactly", async () => {
  const cgroup = make({ 'memory.high': 32 * MiB, 'memory.swap.max': 0 });
  const { monitor, ear } = watch(cgroup);
  await used(cgroup);
  const final = cgroup.counter('high');
  // The last change of the counters is merged and delayed, and rmdir drops it: it must have been read.
  await ear.until('all of it', () => ear.breaches.at(-1)?.counters.high === final);
  // And once more when it was empty.
  await someSafetyReads();

  cgroup.remove();
  await ear.event('removed');

  expect(ear.removals).toEqual([{ cgroup: cgroup.directory, counters: expect.objectContaining({ high: final }) as unknown, exact: true }]);
  expect(ear.events.at(-1)).toBe('removed');
  expect(monitor).toMatchObject({ running: false, state: 'stopped' });
});

test("a removal right after the last process has left tells whether its counters are exact, and does not lie", async () => {
  for (let round = 0; round < 5; round++) {
    const cgroup = make({ 'memory.high': 32 * MiB, 'memory.swap.max': 0 });
    const { ear } = watch(cgroup);
    const hog = runIn(cgroup, 'hog', 8, 4, 5, 400);
    await until('`high` to grow', () => cgroup.counter('high') > 0);
    hog.child.kill('SIGKILL');
    await hog.exited;
    while (cgroup.populated);
    const final = cgroup.counter('high');
    cgroup.remove();
    await ear.event('removed');

    const [removal] = ear.removals;
    if (removal?.exact === true) expect(removal.counters.high).toBe(final);
    else expect(removal?.counters.high).toBeLessThanOrEqual(final);
  }
});

test('a cgroup that holds a process cannot be removed, and its watch goes on', async () => {
  const cgroup = make({ 'memory.high': 40 * MiB, 'memory.swap.max': 0 });
  const { monitor, ear } = watch(cgroup);
  const { lines } = runIn(cgroup, 'hog', 8, 4, 0, 400);
  await lines.line('held');

  expect(() => { cgroup.remove(); }).toThrow(/EBUSY/);
  const [process] = cgroup.processes();
  expect(process).toBeDefined();
  runIn(cgroup, 'hog', 8, 4, 5, 400);
  await ear.breach(1);

  expect(monitor.running).toBe(true);
});

test('a cgroup made anew under the same name is another one', async () => {
  const parent = make({ 'memory.swap.max': 0 }).enableMemory();
  const first = parent.make('same', { 'memory.high': 32 * MiB });
  const old = watch(first);
  await used(first);
  const counted = first.counter('high');

  first.remove();
  const second = parent.make('same', { 'memory.high': 48 * MiB });
  const next = watch(second);
  await old.ear.event('removed');
  const breachesOfOld = old.ear.breaches.length;
  runIn(second, 'hog', 8, 4, 5, 400);
  await next.ear.until('growth of `high`', () => next.ear.breaches.some(({ delta }) => delta.high > 0));

  expect(old.monitor.running).toBe(false);
  expect(old.ear.removals[0]?.counters.high).toBeLessThanOrEqual(counted);
  expect(old.ear.breaches).toHaveLength(breachesOfOld);
  const [breach] = next.ear.breaches;
  expect(breach?.limits.highBytes).toBe(48 * MiB);
  expect(breach?.counters.high).toBe(breach?.delta.high);
});

test("taking the memory controller away ends in 'removed'", async () => {
  const parent = make({ 'memory.swap.max': 0 }).enableMemory();
  const child = parent.make('child', { 'memory.high': 40 * MiB });
  const { monitor, ear } = watch(child);
  await someSafetyReads();

  parent.write('cgroup.subtree_control', '-memory');
  await ear.until('the end', () => ear.removals.length + ear.errors.length > 0);

  expect(ear.removals).toEqual([{ cgroup: child.directory, counters: expect.objectContaining({ high: 0 }) as unknown, exact: true }]);
  expect(monitor.state).toBe('stopped');
  expect(child.exists).toBe(true);
});

test("taking the memory controller away from under a process is told as 'removed', not exact", async () => {
  const parent = make({ 'memory.swap.max': 0 }).enableMemory();
  const child = parent.make('child', { 'memory.high': 40 * MiB });
  const { lines } = runIn(child, 'hog', 8);
  await lines.line('held');
  const { ear } = watch(child);

  parent.write('cgroup.subtree_control', '-memory');
  await ear.event('removed');

  expect(ear.removals[0]?.exact).toBe(false);
  expect(child.populated).toBe(true);
});

test('a hundred watches of removed cgroups leave nothing in the reactor', async () => {
  const parent = make().enableMemory();
  const children = Array.from({ length: 100 }, (_, index) => parent.make(`c${index}`));
  const watches = children.map((child) => watch(child));

  await someSafetyReads();
  for (const child of children) child.remove();
  for (const { ear } of watches) await ear.event('removed');

  expect(watches.every(({ ear }) => ear.removals[0]?.exact === true && ear.errors.length === 0)).toBe(true);
  const next = parent.make('next');
  const id = native().watchMemory({ directory: next.directory, local: false, keys: ['high'], safetyReadMs: 1000, killBufferBytes: undefined, keepAlive: false }, () => undefined);
  expect(isFailure(id)).toBe(false);
  if (!isFailure(id)) native().unwatch(id);
});
