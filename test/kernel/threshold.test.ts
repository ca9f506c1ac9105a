import { ThresholdMemoryMonitor, type ThresholdMemoryMonitorOptions } from '../../lib/monitor/threshold-memory-monitor';
import { sleepNow } from '../../lib/sleep-now';
import { openFiles } from '../support/process-resources';
import { ThresholdEar } from '../support/threshold-ear';
import { holdIn, MiB } from './support/program';
import { hangsAfterMs, useCgroups, type TestCgroup } from './support/test-cgroup';

const monitors: ThresholdMemoryMonitor[] = [];
afterEach(() => {
  for (const monitor of monitors.splice(0)) monitor.stop();
});
const { make } = useCgroups();

const limits = { 'memory.max': 128 * MiB, 'memory.swap.max': 0 } as const;
const options = { fraction: 0.5, intervalMs: 100 } as const;
const thresholdBytes = 64 * MiB;

interface Watched {
  monitor: ThresholdMemoryMonitor;
  ear: ThresholdEar;
}

function watch(cgroup: TestCgroup | undefined, more: ThresholdMemoryMonitorOptions = {}): Watched {
  const monitor = new ThresholdMemoryMonitor({ ...options, ...(cgroup !== undefined && { cgroup: cgroup.directory }), ...more });
  monitors.push(monitor);
  const ear = new ThresholdEar(monitor);
  monitor.start();
  return { monitor, ear };
}

/** Not even a promise settles meanwhile. So long that a sample falls into it, and seconds in any case. */
function blockUntil(fulfilled: () => boolean): void {
  const beginMs = performance.now();
  while (!fulfilled() && performance.now() - beginMs < hangsAfterMs) sleepNow(100);
  sleepNow(3000);
}

/** Lets samples of all monitors pass, by one that tells of each of its own. */
async function someSamples(count: number): Promise<void> {
  const { monitor, ear } = watch(undefined, { fraction: 0, repeatMs: 100 });
  await ear.breach(count);
  monitor.stop();
}

test('a threshold that is crossed while JavaScript is blocked for seconds is noticed meanwhile', async () => {
  const cgroup = make(limits);
  const { monitor, ear } = watch(cgroup);
  const { child } = await holdIn(cgroup, 8);
  expect(ear.events).toEqual([]);

  const beginMs = performance.now();
  child.stdin?.write('80\n');
  blockUntil(() => cgroup.number('memory.current') > thresholdBytes + 10 * MiB);
  const endMs = performance.now();
  const breach = await ear.breach(1);

  expect(breach).toMatchObject({
    source: 'threshold', basis: 'pinned', cgroup: cgroup.directory, level: cgroup.directory, thresholdBytes, totalBytes: 128 * MiB,
    sequence: 1, short: true, limits: { maxBytes: 128 * MiB },
  });
  expect(breach.detectedAtMs).toBeGreaterThanOrEqual(beginMs);
  expect(breach.detectedAtMs).toBeLessThanOrEqual(endMs);
  expect(breach.usedBytes).toBeGreaterThan(thresholdBytes);
  expect(breach.usage.pinnedBytes).toBe(breach.usedBytes);
  expect(monitor.state).toBe('breached');
  expect(ear.events).toEqual(['breach']);
});

test("'clear' comes once per recovery, and the next crossing is a new breach", async () => {
  const cgroup = make(limits);
  const { monitor, ear } = watch(cgroup);
  for (const round of [1, 2]) {
    const { child, exited } = await holdIn(cgroup, 80);
    await ear.breach(round);
    await someSamples(5);
    child.kill('SIGKILL');
    await exited;
    await ear.event('clear', round);
    expect(monitor.state).toBe('ok');
  }
  await someSamples(5);
  expect(ear.events).toEqual(['breach', 'clear', 'breach', 'clear']);
});

test('a limit that is lowered at run time fires, and one that is raised clears', async () => {
  const cgroup = make(limits);
  await holdIn(cgroup, 40);
  const { ear } = watch(cgroup);
  await someSamples(15);
  expect(ear.events).toEqual([]);

  cgroup.write('memory.max', 64 * MiB);
  expect(await ear.breach(1)).toMatchObject({ totalBytes: 64 * MiB, thresholdBytes: 32 * MiB });

  cgroup.write('memory.max', 'max');
  await ear.event('clear');
  cgroup.write('memory.high', 60 * MiB);
  expect(await ear.breach(2)).toMatchObject({ totalBytes: 60 * MiB, limits: { highBytes: 60 * MiB, maxBytes: Infinity } });
});

test('an unlimited cgroup stays silent whatever the host uses', async () => {
  const cgroup = make({ 'memory.swap.max': 0 });
  const neighbour = make();
  await holdIn(cgroup, 8);
  await holdIn(neighbour, 300);
  const [own, host] = [watch(cgroup, { fraction: 0.12 }), watch(undefined, { fraction: 0.12 })];

  expect(await host.ear.breach(1)).toMatchObject({ cgroup: 'the host', level: 'the host', basis: 'host', usage: {}, limits: {}, short: true });
  await someSamples(15);

  expect(own.ear.events).toEqual([]);
});

test("an ancestor's limit counts, whoever of its children has used it up", async () => {
  const parent = make(limits).enableMemory();
  const [child, sibling] = [parent.make('child'), parent.make('sibling')];
  await holdIn(child, 8);
  const { ear } = watch(child);
  await someSamples(15);
  expect(ear.events).toEqual([]);

  const { child: running } = await holdIn(sibling, 80);
  const breach = await ear.breach(1);

  expect(breach).toMatchObject({ cgroup: child.directory, level: parent.directory, totalBytes: 128 * MiB, limits: { maxBytes: 128 * MiB } });
  expect(breach.usedBytes).toBeGreaterThan(thresholdBytes);
  expect(breach.reason).toContain(`${parent.directory} (of which ${child.directory} is a part)`);
  running.kill('SIGKILL');
  await ear.event('clear');
});

test("the removal of a cgroup ends in 'removed', and nothing stays open", async () => {
  const cgroup = make(limits);
  const before = openFiles();
  const { monitor, ear } = watch(cgroup);

  cgroup.remove();
  await ear.event('removed');

  expect(ear.events).toEqual(['removed']);
  expect(ear.removals).toEqual([{ cgroup: cgroup.directory, usage: { currentBytes: expect.any(Number) as number }, exact: false }]);
  expect(monitor).toMatchObject({ running: false, state: 'stopped' });
  expect(openFiles()).toEqual(before);
});

test('many cgroups are watched by one thread', async () => {
  const cgroups = Array.from({ length: 50 }, () => make(limits));
  const watched = cgroups.map((cgroup) => watch(cgroup));
  const [first] = cgroups;
  if (first === undefined) throw new Error('unreachable');

  await holdIn(first, 80);
  await watched[0]?.ear.breach(1);
  await someSamples(5);

  expect(watched.slice(1).map(({ ear }) => ear.events)).toEqual(watched.slice(1).map(() => []));
});
