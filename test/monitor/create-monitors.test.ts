import { join } from 'node:path';
import { createMonitors, type CreateMonitorsOptions } from '../../lib/monitor/create-monitors';
import { EventMemoryMonitor } from '../../lib/monitor/event-memory-monitor';
import { PressureMemoryMonitor } from '../../lib/monitor/pressure-memory-monitor';
import { ThresholdMemoryMonitor } from '../../lib/monitor/threshold-memory-monitor';
import { errorOf } from '../support/error-of';
import { useFixtureHierarchy } from '../support/fixture-pool';
import { reactorCount } from '../support/process-resources';

const hierarchy = useFixtureHierarchy();

it('makes what is decided, in order, unstarted', () => {
  const { monitors, decisions } = createMonitors({ cgroup: hierarchy.base, event: { keys: ['high'] }, safetyReadMs: 50 });
  expect(monitors.map(({ constructor }) => constructor)).toEqual([EventMemoryMonitor, ThresholdMemoryMonitor]);
  expect(monitors).toMatchObject([{ cgroup: hierarchy.base, running: false, state: 'stopped' }, { cgroup: hierarchy.base, running: false, state: 'stopped' }]);
  expect(decisions).toEqual([
    { name: 'event', made: true, reason: "it is asked for by the option 'event'" },
    { name: 'threshold', made: true, reason: expect.stringContaining('it is measured') as string },
    { name: 'pressure', made: false, reason: expect.stringContaining('nobody asks') as string },
  ]);
  expect(reactorCount()).toBe(0);
});

it('of the own memory, wherever this runs, makes a threshold monitor at least', () => {
  const { monitors, decisions } = createMonitors();
  expect(monitors.some((each) => each instanceof ThresholdMemoryMonitor)).toBe(true);
  expect(monitors.some((each) => each instanceof PressureMemoryMonitor)).toBe(decisions[2]?.made);
  expect(decisions.map(({ name }) => name)).toEqual(['event', 'threshold', 'pressure']);
});

it.each<[unknown, RegExp]>([
  [null, /options of createMonitors/],
  [{ cgruop: '/a' }, /did you mean 'cgroup'/],
  [{ cgroup: '' }, /'cgroup'/],
  [{ event: true }, /'event' to be false or an object, got true/],
  [{ threshold: [] }, /'threshold' to be false or an object/],
  [{ pressure: null }, /'pressure' to be true, false or an object/],
  [{ pressure: 'some' }, /'pressure'/],
  [{ safetyReadMs: 1 }, /'safetyReadMs'/],
  [{ killBufferBytes: 'x' }, /'killBufferBytes'/],
  [{ keepAlive: 1 }, /'keepAlive'/],
  [{ event: { key: ['high'] } }, /did you mean 'keys'/],
  [{ threshold: { fraction: 7 } }, /'fraction'/],
])('%j is refused', (options, message) => {
  const given = options === null || 'cgroup' in (options as object) ? options : { cgroup: hierarchy.base, ...(options as object) };
  expect(errorOf(() => createMonitors(given as CreateMonitorsOptions))).toMatchObject({ code: 'ERR_SPILLWAY_INVALID_OPTION', message: expect.stringMatching(message) as string });
});

it('a cgroup that is not there is refused', () => {
  expect(errorOf(() => createMonitors({ cgroup: join(hierarchy.base, 'missing') }))).toMatchObject({ code: 'ERR_SPILLWAY_CGROUP_NOT_FOUND' });
});
