import { EventMemoryMonitor, type EventMemoryMonitorOptions } from '../../lib/monitor/event-memory-monitor';
import type { MemoryCounters } from '../../lib/monitor/types';
import { FixtureCgroup } from './fixture-cgroup';
import { Ear } from './heard';
import { Metronome, tickMs } from './metronome';

export interface Watched {
  cgroup: FixtureCgroup;
  monitor: EventMemoryMonitor;
  ear: Ear;
}

export interface Watching {
  /** A folder that is removed after the test. */
  fixture: (counters?: Partial<MemoryCounters>) => FixtureCgroup;
  /** A started monitor with quick safety reads, stopped after the test. */
  watch: (cgroup?: FixtureCgroup, options?: Partial<EventMemoryMonitorOptions>) => Watched;
  /** The same, not started. */
  prepare: (cgroup?: FixtureCgroup, options?: Partial<EventMemoryMonitorOptions>) => Watched;
  /** Waits for whole rounds of safety reads. */
  rounds: (count: number) => Promise<void>;
}

/** Call it at the top of a file: what a test opens is closed after it. */
export function useWatching(): Watching {
  const fixtures: FixtureCgroup[] = [];
  const monitors: EventMemoryMonitor[] = [];
  let metronome: Metronome | undefined;

  afterEach(() => {
    metronome?.stop();
    metronome = undefined;
    for (const monitor of monitors.splice(0)) monitor.stop();
    for (const fixture of fixtures.splice(0)) fixture.remove();
  });

  const watching: Watching = {
    fixture(counters) {
      const fixture = new FixtureCgroup(counters);
      fixtures.push(fixture);
      return fixture;
    },
    prepare(cgroup = watching.fixture(), options = {}) {
      const monitor = new EventMemoryMonitor({ cgroup: cgroup.directory, safetyReadMs: tickMs, ...options });
      monitors.push(monitor);
      return { cgroup, monitor, ear: new Ear(monitor) };
    },
    watch(cgroup, options) {
      const watched = watching.prepare(cgroup, options);
      watched.monitor.start();
      return watched;
    },
    async rounds(count) {
      metronome ??= new Metronome();
      await metronome.rounds(count);
    },
  };
  return watching;
}
