import { SpillwayError } from '../../lib/errors';
import { eventsText } from '../support/fixture-cgroup';
import { reactorCount, watchFiles } from '../support/process-resources';
import { useWatching } from '../support/watching';

const { fixture, watch, rounds } = useWatching();
const never = 3_600_000;

describe('a watch whose file cannot be read', () => {
  it('is degraded once while memory.events is a directory, and recovers with the file', async () => {
    const { cgroup, monitor, ear } = watch(fixture({ high: 5 }));
    cgroup.replaceByFolder('memory.events');
    await ear.event('degraded');
    expect(ear.errors[0]).toBeInstanceOf(SpillwayError);
    expect(ear.errors[0]).toMatchObject({ code: 'ERR_SPILLWAY_SYSTEM', cause: { code: 'EISDIR' } });
    expect(monitor.state).toBe('degraded');
    await rounds(5);
    expect(ear.events).toEqual(['degraded']);

    cgroup.replace('memory.events', eventsText({ high: 9 }));
    await ear.event('degraded', 2);
    expect(ear.errors[1]).toMatchObject({ code: 'ERR_SPILLWAY_COUNTERS_RESET' });
    expect(monitor.state).toBe('ok');
    cgroup.events({ high: 10 });
    expect((await ear.breach(1)).delta.high).toBe(1);
  });

  it('takes an empty file for half written, and counts on exactly', async () => {
    const { cgroup, ear } = watch(fixture({ high: 5 }), { safetyReadMs: never });
    cgroup.write('memory.events', '');
    cgroup.events({ high: 6 });
    expect((await ear.breach(1)).delta.high).toBe(1);
    expect(ear.errors).toEqual([]);
  });

  it('takes a text without its end for half written', async () => {
    const { cgroup, ear } = watch(fixture({ high: 5 }), { safetyReadMs: never });
    const whole = eventsText({ high: 16 });
    for (const end of [8, 12, 14, 20, whole.length - 1]) {
      cgroup.write('memory.events', whole.slice(0, end));
      await rounds(1);
    }
    expect(ear.all).toEqual([]);
    cgroup.write('memory.events', whole);
    expect((await ear.breach(1)).delta.high).toBe(11);
    expect(ear.all).toHaveLength(1);
  });

  it('that stays empty is degraded after some safety reads, once', async () => {
    const { cgroup, monitor, ear } = watch(fixture({ high: 5 }));
    cgroup.write('memory.events', '');
    await ear.event('degraded');
    expect(ear.errors[0]).toMatchObject({ code: 'ERR_SPILLWAY_FILE_INVALID' });
    await rounds(5);
    expect(ear.events).toEqual(['degraded']);
    cgroup.events({ high: 7 });
    expect((await ear.breach(1)).delta.high).toBe(2);
    expect(monitor.state).toBe('ok');
  });

  it.each([
    ['binary', Buffer.from([0, 255, 1, 10, 7, 10])],
    ['of another format', 'high: 7\n'],
    ['of another file', '4096\n'],
    ['without any known key', 'sock_throttled 4\n'],
    ['with a negative number', eventsText().replace('high 0', 'high -1')],
    ['huge', eventsText({ high: 9 }).repeat(2000)],
  ])('is degraded when the content is %s, and goes on from the good one', async (_what, text) => {
    const { cgroup, monitor, ear } = watch(fixture({ high: 5 }));
    cgroup.write('memory.events', text);
    await ear.event('degraded');
    await rounds(3);
    expect(ear.errors).toMatchObject([{ code: 'ERR_SPILLWAY_FILE_INVALID' }]);
    expect(monitor.running).toBe(true);
    cgroup.events({ high: 6 });
    expect((await ear.breach(1)).delta.high).toBe(1);
    expect(ear.events).toEqual(['degraded', 'breach']);
  });
});

describe('counters that go back', () => {
  it('are degraded, no breach, and the new baseline', async () => {
    const { cgroup, monitor, ear } = watch(fixture({ high: 100, oom: 2 }));
    cgroup.events({ high: 3, oom: 2 });
    await ear.event('degraded');
    await rounds(2);
    expect(ear.errors).toMatchObject([{ code: 'ERR_SPILLWAY_COUNTERS_RESET' }]);
    expect(ear.breaches).toEqual([]);
    expect(monitor.state).toBe('ok');
    cgroup.events({ high: 4, oom: 2 });
    expect(await ear.breach(1)).toMatchObject({ delta: { high: 1, oom: 0 }, counters: { high: 4 } });
  });

  it('are told even where another key grew', async () => {
    const { cgroup, ear } = watch(fixture({ high: 1, low: 9 }));
    cgroup.events({ high: 50, low: 0 });
    await ear.event('degraded');
    await rounds(2);
    expect(ear.events).toEqual(['degraded']);
  });

  it('do not take away what was counted before them', async () => {
    const { cgroup, ear } = watch();
    cgroup.events({ high: 7 });
    cgroup.events({ high: 2 });
    cgroup.events({ high: 5 });
    await ear.until('the end', () => ear.breaches.at(-1)?.counters.high === 5 || ear.errors.length > 0);
    await rounds(2);
    for (const { delta } of ear.breaches) expect(delta.high).toBeGreaterThanOrEqual(0);
    expect(ear.breaches.reduce((sum, { delta }) => sum + delta.high, 0)).toBeLessThanOrEqual(10);
  });

  it('of a replaced file are told, and the new file is watched', async () => {
    const { cgroup, ear } = watch(fixture({ high: 5 }), { safetyReadMs: never });
    cgroup.replace('memory.events', eventsText({ high: 8 }));
    await ear.event('degraded');
    expect(ear.errors).toMatchObject([{ code: 'ERR_SPILLWAY_COUNTERS_RESET' }]);
    cgroup.events({ high: 9 });
    expect((await ear.breach(1)).delta.high).toBe(1);
  });

  it('of a file that was deleted and written anew are told, not taken for removal', async () => {
    const { cgroup, monitor, ear } = watch(fixture({ high: 5 }), { safetyReadMs: 1000 });
    cgroup.delete('memory.events').events({ high: 5 });
    await ear.event('degraded');
    expect(ear.errors).toMatchObject([{ code: 'ERR_SPILLWAY_COUNTERS_RESET' }]);
    cgroup.events({ high: 6 });
    await ear.breach(1);
    expect(monitor.running).toBe(true);
  });
});

describe('a removed cgroup', () => {
  it('ends in removed with the last counters, and nothing is left behind', async () => {
    const cgroup = fixture({ high: 3, max: 1 });
    const before = watchFiles(cgroup.directory);
    const { monitor, ear } = watch(cgroup);
    cgroup.remove();
    await ear.event('removed');
    expect(ear.removals).toEqual([
      { cgroup: cgroup.directory, counters: { low: 0, high: 3, max: 1, oom: 0, oom_kill: 0, oom_group_kill: 0 }, exact: false },
    ]);
    expect(ear.events).toEqual(['removed']);
    expect(monitor.running).toBe(false);
    expect(monitor.state).toBe('stopped');
    expect(watchFiles(cgroup.directory)).toEqual(before);
    expect(reactorCount()).toBe(0);
  });

  it('tells the growth before it, then its end', async () => {
    const { cgroup, ear } = watch();
    cgroup.events({ high: 2 });
    await ear.breach(1);
    cgroup.remove();
    await ear.event('removed');
    expect(ear.events).toEqual(['breach', 'removed']);
    expect(ear.removals[0]?.counters.high).toBe(2);
  });

  it('ends only its own monitors', async () => {
    const [gone, sibling, stays] = [watch(), watch(), watch()];
    const twin = watch(gone.cgroup);
    gone.cgroup.remove();
    await Promise.all([gone.ear.event('removed'), twin.ear.event('removed')]);
    expect(sibling.monitor.running).toBe(true);
    stays.cgroup.events({ high: 1 });
    await stays.ear.breach(1);
    expect(sibling.ear.all).toEqual([]);
  });
});
