import { EventMemoryMonitor, type EventMemoryMonitorOptions } from '../../../lib/monitor/event-memory-monitor';
import { Ear } from '../../support/heard';
import type { TestCgroup } from './test-cgroup';

export interface Heard {
  monitor: EventMemoryMonitor;
  ear: Ear;
}

/** Often, so that what only the safety read finds comes soon. */
export const safetyReadMs = 100;

/** Call it at the top of a file, before `useCgroups()`: monitors are stopped after the test. */
export function useMonitors(): { watch: (cgroup: TestCgroup, options?: Partial<EventMemoryMonitorOptions>) => Heard } {
  const monitors: EventMemoryMonitor[] = [];
  afterEach(() => {
    for (const monitor of monitors.splice(0)) monitor.stop();
  });
  return {
    watch(cgroup, options = {}) {
      const monitor = new EventMemoryMonitor({ cgroup: cgroup.directory, safetyReadMs, ...options });
      monitors.push(monitor);
      const ear = new Ear(monitor);
      monitor.start();
      return { monitor, ear };
    },
  };
}

/** Waits until a monitor has made whole safety reads since the call, by what another one tells of them. */
export async function safetyReads(count: number, { ear }: Heard): Promise<void> {
  await ear.breach(ear.breaches.length + count + 2);
}
