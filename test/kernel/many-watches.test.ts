import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { ThresholdMemoryMonitor } from '../../lib/monitor/threshold-memory-monitor';
import { ThresholdEar } from '../support/threshold-ear';
import { safetyReadMs, useMonitors } from './support/monitors';
import { holdIn, MiB } from './support/program';
import { useCgroups, type TestCgroup } from './support/test-cgroup';

// So many that one look at the machine is taken instead of one at each.
const count = 80;

const thresholds: ThresholdMemoryMonitor[] = [];
afterEach(() => {
  for (const monitor of thresholds.splice(0)) monitor.stop();
});
const { watch } = useMonitors();
const { make } = useCgroups();

/** Calls of read() and its like that this process has made. */
const reads = (): number => Number(/^syscr: (\d+)$/m.exec(readFileSync('/proc/self/io', 'utf8'))?.[1]);

test('watches that have much room are hardly looked at, and a shortage that no event tells of is found among them', async () => {
  const parent = make().enableMemory();
  const heard = Array.from({ length: count }, (_, index) => watch(parent.make(String(index))));
  // Between these figures the kernel tells nothing: it is the safety read that finds it.
  const cgroup = make({ 'memory.high': 128 * MiB, 'memory.swap.max': 0 });
  const { child, lines } = await holdIn(cgroup, 8);
  const { ear } = watch(cgroup, { killBufferBytes: 64 * MiB });

  // Where each safety read were done, each would read more than one file.
  const [beginMs, before] = [performance.now(), reads()];
  await delay(20 * safetyReadMs);
  const safetyReads = ((performance.now() - beginMs) / safetyReadMs) * count;
  expect(reads() - before).toBeLessThan(safetyReads);

  child.stdin?.write('96\n');
  const breach = await ear.breach(1);
  expect(breach).toMatchObject({ short: true, cgroup: cgroup.directory });
  expect(cgroup.counter('high')).toBe(0);
  await lines.line('held');
  expect(heard.flatMap((each) => each.ear.all)).toEqual([]);
});

test('a limit that is lowered, and a cgroup that is removed, are seen by watches that have much room', async () => {
  const parent = make().enableMemory();
  for (let index = 0; index < count; index++) watch(parent.make(String(index)));
  const lowered = make();
  await holdIn(lowered, 64);
  const { ear } = watch(lowered);
  const removed = make();
  const { ear: earOfRemoved } = watch(removed);
  await delay(5 * safetyReadMs);

  lowered.write('memory.swap.max', 0).write('memory.high', 32 * MiB);
  removed.remove();
  expect(await ear.breach(1)).toMatchObject({ short: true });
  await earOfRemoved.until('its removal', () => earOfRemoved.removals.length > 0);
});

test('thresholds that are crossed by growth, and by a limit that is lowered, are heard among many that are far from theirs', async () => {
  const parent = make().enableMemory();
  const far = Array.from({ length: count }, (_, index) => parent.make(String(index), { 'memory.max': 1024 * MiB }));
  const growing = make({ 'memory.max': 128 * MiB, 'memory.swap.max': 0 });
  const lowered = make({ 'memory.max': 1024 * MiB, 'memory.swap.max': 0 });
  const { child } = await holdIn(growing, 8);
  await holdIn(lowered, 64);
  const hear = (cgroup: TestCgroup): ThresholdEar => {
    const monitor = new ThresholdMemoryMonitor({ cgroup: cgroup.directory, fraction: 0.5, intervalMs: 100 });
    thresholds.push(monitor);
    const ear = new ThresholdEar(monitor);
    monitor.start();
    return ear;
  };
  const ears = far.map(hear);
  const [earOfGrowing, earOfLowered] = [hear(growing), hear(lowered)];
  await delay(1500);

  child.stdin?.write('72\n');
  expect(await earOfGrowing.breach(1)).toMatchObject({ cgroup: growing.directory });
  lowered.write('memory.max', 96 * MiB);
  expect(await earOfLowered.breach(1)).toMatchObject({ cgroup: lowered.directory });
  child.stdin?.write('exit\n');
  await earOfGrowing.event('clear');
  expect(ears.flatMap(({ events }) => events)).toEqual([]);
});
