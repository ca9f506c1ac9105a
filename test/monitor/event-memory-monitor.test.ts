import { SpillwayError } from '../../lib/errors';
import { EventMemoryMonitor } from '../../lib/monitor/event-memory-monitor';
import { memoryEventKeys, type MemoryCounters } from '../../lib/monitor/types';
import { errorOf } from '../support/error-of';
import { reactorCount, watchFiles } from '../support/process-resources';
import { useWatching } from '../support/watching';

const { fixture, prepare, watch, rounds } = useWatching();
const none = Object.fromEntries(memoryEventKeys.map((key) => [key, 0])) as MemoryCounters;

/** Named after the scenarios of Ray's event monitor, numbered as there. */
describe("Ray's event monitor", () => {
  it('1: a missing cgroup is refused', () => {
    const { monitor, cgroup } = prepare();
    cgroup.remove();
    expect(errorOf(() => monitor.start())).toMatchObject({ code: 'ERR_SPILLWAY_CGROUP_NOT_FOUND' });
    expect(monitor.running).toBe(false);
  });

  it('2: a folder without memory.events is refused', () => {
    const { monitor, cgroup } = prepare();
    cgroup.delete('memory.events');
    expect(errorOf(() => monitor.start())).toMatchObject({ code: 'ERR_SPILLWAY_NOT_CGROUP2' });
  });

  it('3: a valid path is watched', () => {
    const { monitor } = watch();
    expect(monitor.running).toBe(true);
    expect(monitor.state).toBe('ok');
  });

  it('4: growth of high is a breach', async () => {
    const { cgroup, ear } = watch();
    cgroup.events({ high: 1 });
    expect(await ear.breach(1)).toMatchObject({
      source: 'event', cgroup: cgroup.directory, counters: { ...none, high: 1 }, delta: { ...none, high: 1 }, short: false, sequence: 1,
    });
  });

  it('5: writing the same values again is none', async () => {
    const { cgroup, ear } = watch(fixture({ high: 3 }));
    for (let write = 0; write < 10; write += 1) cgroup.events({ high: 3 });
    await rounds(3);
    expect(ear.all).toEqual([]);
  });

  it('6: growth of low alone is none', async () => {
    const { cgroup, ear } = watch();
    cgroup.events({ low: 5 });
    await rounds(3);
    expect(ear.all).toEqual([]);
  });

  it('7: three successive growths are three breaches', async () => {
    const { cgroup, ear } = watch();
    for (const high of [1, 5, 6]) {
      cgroup.events({ high });
      await ear.breach(ear.breaches.length + 1);
    }
    expect(ear.breaches.map(({ delta, sequence }) => [delta.high, sequence])).toEqual([[1, 1], [4, 2], [1, 3]]);
  });
});

describe('start', () => {
  it('raises nothing for counts from before it', async () => {
    const { ear } = watch(fixture({ low: 7, high: 100, max: 9, oom: 8, oom_kill: 7, oom_group_kill: 6 }), { keys: memoryEventKeys });
    await rounds(3);
    expect(ear.all).toEqual([]);
  });

  it('returns the monitor, and counts from its time on', async () => {
    const { cgroup, monitor, ear } = prepare(fixture({ high: 5 }));
    cgroup.events({ high: 50 });
    expect(monitor.start()).toBe(monitor);
    cgroup.events({ high: 51 });
    expect((await ear.breach(1)).delta.high).toBe(1);
  });

  it('twice is an error, and the first goes on', async () => {
    const { cgroup, monitor, ear } = watch();
    const error = errorOf(() => monitor.start());
    expect(error).toBeInstanceOf(SpillwayError);
    expect(error).toMatchObject({ code: 'ERR_SPILLWAY_ALREADY_STARTED' });
    cgroup.events({ high: 1 });
    await ear.breach(1);
  });

  it('after stop is an error', () => {
    const { monitor } = watch();
    monitor.stop();
    expect(errorOf(() => monitor.start())).toMatchObject({ code: 'ERR_SPILLWAY_STOPPED' });
    expect(monitor.running).toBe(false);
  });

  it('may be tried again after it failed', async () => {
    const { cgroup, monitor, ear } = prepare();
    cgroup.delete('memory.events');
    expect(errorOf(() => monitor.start())).toBeInstanceOf(SpillwayError);
    cgroup.events({ high: 3 });
    monitor.start();
    cgroup.events({ high: 4 });
    expect((await ear.breach(1)).delta.high).toBe(1);
  });
});

describe('stop', () => {
  it('may come twice, before start, and leaves no descriptor and no thread', () => {
    const cgroup = fixture();
    const before = watchFiles(cgroup.directory);
    const { monitor } = watch(cgroup);
    expect(watchFiles(cgroup.directory).length).toBeGreaterThan(before.length);
    monitor.stop();
    monitor.stop();
    expect(monitor.state).toBe('stopped');
    expect(watchFiles(cgroup.directory)).toEqual(before);
    expect(reactorCount()).toBe(0);
    prepare(cgroup).monitor.stop();
  });

  it('is what dispose does, and using ends with it', () => {
    const cgroup = fixture();
    const monitor = new EventMemoryMonitor({ cgroup: cgroup.directory });
    expect(typeof monitor[Symbol.dispose]).toBe('function');
    monitor.start();
    monitor[Symbol.dispose]();
    monitor[Symbol.dispose]();
    expect(monitor.running).toBe(false);
    expect(reactorCount()).toBe(0);
  });

  it('lets no event through, not even one that is on its way', async () => {
    const { cgroup, monitor, ear } = watch();
    const other = watch(cgroup);
    cgroup.events({ high: 1 });
    await other.ear.breach(1);
    monitor.stop();
    const heardBefore = ear.all.length;
    cgroup.events({ high: 2 });
    await other.ear.breach(2);
    await rounds(2);
    expect(ear.all).toHaveLength(heardBefore);
  });
});

describe('several monitors', () => {
  it('hear one file each for itself', async () => {
    const cgroup = fixture();
    const [first, second, third] = [watch(cgroup), watch(cgroup), watch(cgroup, { keys: ['max'] })];
    cgroup.events({ high: 1 });
    await Promise.all([first.ear.breach(1), second.ear.breach(1)]);
    first.monitor.stop();
    cgroup.events({ high: 2, max: 1 });
    await Promise.all([second.ear.breach(2), third.ear.breach(1)]);
    expect(first.ear.breaches).toHaveLength(1);
    expect(third.ear.breaches.map(({ delta }) => delta)).toEqual([{ ...none, high: 2, max: 1 }]);
  });

  it('share one thread, and a hundred of one file all hear it', async () => {
    const cgroup = fixture();
    const watched = Array.from({ length: 100 }, () => watch(cgroup));
    expect(reactorCount(1)).toBe(1);
    cgroup.events({ high: 7 });
    const breaches = await Promise.all(watched.map(({ ear }) => ear.breach(1)));
    expect(new Set(breaches.map(({ delta }) => delta.high))).toEqual(new Set([7]));
    for (const { monitor } of watched) monitor.stop();
    expect(reactorCount()).toBe(0);
  });

  it('of different cgroups do not mix', async () => {
    const watched = Array.from({ length: 20 }, () => watch());
    watched.forEach(({ cgroup }, index) => cgroup.events({ high: index + 1 }));
    const breaches = await Promise.all(watched.map(({ ear }) => ear.breach(1)));
    expect(breaches.map(({ counters }) => counters.high)).toEqual(watched.map((_each, index) => index + 1));
    expect(breaches.map(({ cgroup }) => cgroup)).toEqual(watched.map(({ cgroup }) => cgroup.directory));
  });
});
