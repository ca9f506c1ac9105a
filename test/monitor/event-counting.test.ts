import { memoryEventKeys } from '../../lib/monitor/types';
import { eventsText, MiB } from '../support/fixture-cgroup';
import { blockForLooks } from '../support/process-resources';
import { useWatching } from '../support/watching';

const { fixture, watch, rounds } = useWatching();

describe('what EventMemoryMonitor counts', () => {
  it('keys: growth of each watched key is a breach', async () => {
    for (const key of memoryEventKeys) {
      const { cgroup, ear } = watch(fixture(), { keys: [key] });
      cgroup.events({ [key]: 2 });
      expect((await ear.breach(1)).delta).toMatchObject({ [key]: 2 });
    }
  });

  it('keys: several, and only those', async () => {
    const { cgroup, ear } = watch(fixture(), { keys: ['max', 'oom_kill'] });
    cgroup.events({ high: 4, low: 1 });
    await rounds(2);
    expect(ear.all).toEqual([]);
    cgroup.events({ high: 4, low: 1, max: 1 });
    await ear.breach(1);
    cgroup.events({ high: 4, low: 1, max: 1, oom_kill: 1 });
    await ear.breach(2);
  });

  it('scope: local reads memory.events.local, subtree reads memory.events', async () => {
    const cgroup = fixture().write('memory.events.local', eventsText({ high: 10 }));
    const local = watch(cgroup, { scope: 'local' });
    const subtree = watch(cgroup, { scope: 'subtree' });
    cgroup.events({ high: 5 });
    expect((await subtree.ear.breach(1)).counters.high).toBe(5);
    await rounds(2);
    expect(local.ear.all).toEqual([]);
    cgroup.write('memory.events.local', eventsText({ high: 11 }));
    expect((await local.ear.breach(1)).delta.high).toBe(1);
    expect(subtree.ear.breaches).toHaveLength(1);
  });

  it('unknown keys are ignored, wherever they stand', async () => {
    const cgroup = fixture().write('memory.events', `sock_throttled 9\n${eventsText({ high: 1 })}highest 3\n`);
    const { ear } = watch(cgroup);
    cgroup.write('memory.events', `sock_throttled 12\n${eventsText({ high: 1 })}highest 99\n`);
    await rounds(2);
    expect(ear.all).toEqual([]);
    cgroup.write('memory.events', `sock_throttled 12\n${eventsText({ high: 2 })}highest 99\n`);
    expect((await ear.breach(1)).delta.high).toBe(1);
  });

  it('an older kernel without oom_group_kill counts it as 0, and its appearance is no growth', async () => {
    const old = 'low 0\nhigh 1\nmax 0\noom 0\noom_kill 0\n';
    const { cgroup, ear } = watch(fixture().write('memory.events', old), { keys: memoryEventKeys });
    cgroup.write('memory.events', old.replace('high 1', 'high 2'));
    expect((await ear.breach(1)).counters).toEqual({ low: 0, high: 2, max: 0, oom: 0, oom_kill: 0, oom_group_kill: 0 });
    cgroup.write('memory.events', `${old.replace('high 1', 'high 2')}oom_group_kill 40\n`);
    await rounds(2);
    expect(ear.breaches).toHaveLength(1);
  });

  it('a counter beyond 2^53 is held at 2^53 - 1', async () => {
    const { cgroup, ear } = watch(fixture({ high: 2 ** 53 - 3 }));
    cgroup.write('memory.events', eventsText().replace('high 0', 'high 18446744073709551615'));
    const breach = await ear.breach(1);
    expect(breach.counters.high).toBe(Number.MAX_SAFE_INTEGER);
    expect(breach.delta.high).toBe(2);
    cgroup.write('memory.events', eventsText().replace('high 0', `high ${'9'.repeat(400)}`));
    await rounds(2);
    expect(ear.events).toEqual(['breach']);
  });

  it('delta sums over changes that were merged while JavaScript was busy', async () => {
    const { cgroup, ear } = watch();
    const witness = watch(cgroup, { keys: ['oom'] });
    for (let high = 1; high <= 500; high += 1) cgroup.events({ high });
    cgroup.events({ high: 500, oom: 1 });
    await witness.ear.breach(1);
    await rounds(1);
    expect(ear.breaches.reduce((sum, { delta }) => sum + delta.high, 0)).toBe(500);
    expect(ear.breaches.at(-1)?.counters.high).toBe(500);
    expect(ear.breaches.length).toBeLessThan(500);
  });

  // The core clears delta at every report, also at one without a breach (MemoryWatch::take).
  it('delta holds the growth of all keys since the breach before, told or not', async () => {
    const cgroup = fixture().high(100 * MiB).max('max').usage({ current: 200 * MiB });
    const { ear } = watch(cgroup, { keys: ['oom_kill'] });
    await ear.breach(1);
    cgroup.events({ max: 5 }).usage({ current: 10 * MiB });
    await ear.event('clear');
    cgroup.events({ max: 6, oom_kill: 1 });
    await ear.until('the kill', () => ear.breaches.some(({ delta }) => delta.oom_kill === 1));
    expect(ear.breaches.reduce((sum, { delta }) => sum + delta.max, 0)).toBe(6);
  });

  it('sequence grows by 1 from 1, for each monitor apart', async () => {
    const cgroup = fixture();
    const first = watch(cgroup);
    for (let high = 1; high <= 5; high += 1) {
      cgroup.events({ high });
      await first.ear.breach(high);
    }
    const second = watch(cgroup);
    cgroup.events({ high: 6 });
    await Promise.all([first.ear.breach(6), second.ear.breach(1)]);
    expect(first.ear.breaches.map(({ sequence }) => sequence)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(second.ear.breaches.map(({ sequence }) => sequence)).toEqual([1]);
  });

  it('detectedAtMs lies between the change and the callback on the line of performance.now()', async () => {
    const { cgroup, monitor, ear } = watch();
    const heardAt: number[] = [];
    monitor.on('breach', () => heardAt.push(performance.now()));
    const changedAt = performance.now();
    cgroup.events({ high: 1 });
    const { detectedAtMs } = await ear.breach(1);
    expect(detectedAtMs).toBeGreaterThanOrEqual(changedAt);
    expect(detectedAtMs).toBeLessThanOrEqual(heardAt[0] ?? NaN);
  });

  it('detectedAtMs is the time of notice, however long JavaScript was blocked', async () => {
    const { cgroup, ear } = watch();
    cgroup.events({ high: 1 });
    const blockedUntil = performance.now() + 300;
    while (performance.now() < blockedUntil);
    const freeAt = performance.now();
    expect((await ear.breach(1)).detectedAtMs).toBeLessThan(freeAt);
  });

  it('detectedAtMs does not move with the time that a listener of the same report took', async () => {
    const { cgroup, monitor, ear } = watch(fixture({ high: 5 }));
    let freeAt = NaN;
    monitor.once('degraded', () => {
      const blockedUntil = performance.now() + 50;
      while (performance.now() < blockedUntil);
      freeAt = performance.now();
    });
    // Both before JavaScript hears of either: a reset, and growth after it.
    cgroup.events({ high: 1 });
    blockForLooks();
    const grownAt = performance.now();
    cgroup.events({ high: 2 });
    blockForLooks();
    const { detectedAtMs } = await ear.breach(1);
    expect(ear.events).toEqual(['degraded', 'breach']);
    expect(detectedAtMs).toBeLessThan(grownAt);
    expect(detectedAtMs).toBeLessThan(freeAt - 50);
  });

  it('the sentence names the growth and what is known', async () => {
    const { cgroup, ear } = watch(fixture(), { keys: ['high', 'oom_kill'] });
    cgroup.events({ high: 2, oom_kill: 1 });
    const { reason } = await ear.breach(1);
    expect(reason).toContain(cgroup.directory);
    expect(reason).toContain('high +2, oom_kill +1');
    expect(reason).toContain('unknown');
  });
});
