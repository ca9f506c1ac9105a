import { EventMemoryMonitor } from '../../lib/monitor/event-memory-monitor';
import { type FixtureCgroup, MiB } from '../support/fixture-cgroup';
import { Ear } from '../support/heard';
import { blockForLooks, reactorCount } from '../support/process-resources';
import { useWatching } from '../support/watching';

const { fixture, prepare, watch, rounds } = useWatching();

function shortPool(): FixtureCgroup {
  return fixture().high(100 * MiB).max('max').usage({ current: 99 * MiB });
}

describe('stop() in a listener', () => {
  it('of breach: no further event', async () => {
    const { cgroup, monitor, ear } = watch(shortPool());
    monitor.on('breach', () => { monitor.stop(); });
    await ear.breach(1);
    cgroup.events({ high: 9 }).usage({ current: 1 * MiB });
    await rounds(3);
    expect(ear.events).toEqual(['breach']);
  });

  it('of clear: no further event', async () => {
    const { cgroup, monitor, ear } = watch(shortPool());
    await ear.breach(1);
    monitor.on('clear', () => { monitor.stop(); });
    cgroup.usage({ current: 1 * MiB });
    await ear.event('clear');
    cgroup.events({ high: 9 }).usage({ current: 99 * MiB });
    await rounds(3);
    expect(ear.events.at(-1)).toBe('clear');
  });

  it('of degraded: no further event', async () => {
    const { cgroup, monitor, ear } = watch(fixture({ high: 5 }));
    monitor.on('degraded', () => { monitor.stop(); });
    cgroup.events({ high: 1 });
    await ear.event('degraded');
    cgroup.events({ high: 9 });
    await rounds(2);
    expect(ear.events).toEqual(['degraded']);
  });

  it('of removed: harmless', async () => {
    const { cgroup, monitor, ear } = watch();
    monitor.on('removed', () => { monitor.stop(); });
    cgroup.remove();
    await ear.event('removed');
    expect(ear.events).toEqual(['removed']);
  });

  it('between two events of one report: the second is not told', async () => {
    const { cgroup, monitor, ear } = watch(fixture({ high: 9 }));
    monitor.on('degraded', () => { monitor.stop(); });
    // Both before JavaScript hears of either: a reset, and growth after it.
    cgroup.events({ high: 1 });
    blockForLooks();
    cgroup.events({ high: 2 });
    blockForLooks();
    await ear.event('degraded');
    await rounds(2);
    expect(ear.events).toEqual(['degraded']);
  });

  it('of another monitor: that one is silent at once', async () => {
    const cgroup = fixture();
    const watched = [watch(cgroup), watch(cgroup), watch(cgroup)];
    for (const { monitor } of watched) {
      monitor.on('breach', () => {
        for (const other of watched) if (other.monitor !== monitor) other.monitor.stop();
      });
    }
    cgroup.events({ high: 1 });
    await Promise.race(watched.map(({ ear }) => ear.breach(1)));
    cgroup.events({ high: 2 });
    await rounds(2);
    expect(watched.filter(({ ear }) => ear.breaches.length > 0)).toHaveLength(1);
    expect(watched.filter(({ monitor }) => monitor.running)).toHaveLength(1);
  });

  it('of the last one ends the thread, and a new monitor in the same listener starts another', async () => {
    const cgroup = fixture();
    const watched = [watch(cgroup), watch(cgroup), watch(cgroup)];
    const heirs: Ear[] = [];
    for (const { monitor } of watched) {
      monitor.once('breach', () => {
        for (const other of watched) other.monitor.stop();
        expect(reactorCount()).toBe(0);
        for (let count = 0; count < 3; count += 1) {
          const heir = prepare(cgroup);
          heirs.push(heir.ear);
          heir.monitor.start();
        }
      });
    }
    cgroup.events({ high: 1 });
    await Promise.race(watched.map(({ ear }) => ear.breach(1)));
    expect(heirs).toHaveLength(3);
    await rounds(2);
    // The heirs begin with their own baseline: the change before them is not theirs.
    expect(heirs.flatMap(({ all }) => all)).toEqual([]);
    cgroup.events({ high: 2 });
    await Promise.all(heirs.map((ear) => ear.breach(1)));
  });
});

describe('start() in a listener', () => {
  it('of many monitors does not disturb the one that tells', async () => {
    const { cgroup, monitor, ear } = watch();
    const heirs: Ear[] = [];
    monitor.once('breach', () => {
      for (let count = 0; count < 100; count += 1) {
        const heir = prepare(cgroup);
        heirs.push(heir.ear);
        heir.monitor.start();
      }
    });
    cgroup.events({ high: 1 });
    await ear.breach(1);
    cgroup.events({ high: 2 });
    await Promise.all([...heirs, ear].map((each) => each.until('high 2', () => each.breaches.at(-1)?.counters.high === 2)));
    expect(heirs.every(({ breaches }) => breaches[0]?.delta.high === 1)).toBe(true);
  });

  it('of removed tells that a stopped monitor is not started again', async () => {
    const { cgroup, monitor, ear } = watch();
    let code: unknown;
    monitor.on('removed', () => {
      try {
        monitor.start();
      } catch (error) {
        ({ code } = error as { code: unknown });
      }
    });
    cgroup.remove();
    await ear.event('removed');
    expect(code).toBe('ERR_SPILLWAY_STOPPED');
  });
});

describe('listeners', () => {
  it('need not be there at all: no event is an error', async () => {
    const cgroup = fixture({ high: 5 });
    const silent = new EventMemoryMonitor({ cgroup: cgroup.directory, safetyReadMs: 10 }).start();
    const { ear } = watch(cgroup);
    cgroup.events({ high: 6 });
    await ear.breach(1);
    cgroup.events({ high: 1 });
    await ear.event('degraded');
    cgroup.remove();
    await ear.event('removed');
    await rounds(1);
    expect(silent.running).toBe(false);
  });
});
