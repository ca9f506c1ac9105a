import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { once } from 'node:events';
import { SpillwayError } from '../../lib/errors';
import { EventMemoryMonitor } from '../../lib/monitor/event-memory-monitor';
import { Supervisor } from '../../lib/supervisor/supervisor';
import type { SupervisorOptions } from '../../lib/supervisor/supervisor-options';
import type { SupervisorEvents } from '../../lib/supervisor/types';
import { until } from '../support/containment';
import { eventsText } from '../support/fixture-cgroup';
import { setAnonBytes, useFixtureHierarchy } from '../support/fixture-pool';

const MiB = 2 ** 20;
const made: Supervisor[] = [];
// Before that of the hierarchy, which would take away what is still in use.
afterEach(async () => {
  await Promise.allSettled(made.splice(0).map((supervisor) => supervisor.close()));
});
const hierarchy = useFixtureHierarchy();
const pool = (): string => join(hierarchy.base, 'pool');
const create = async (more: Partial<SupervisorOptions> = {}): Promise<Supervisor> => {
  const supervisor = await Supervisor.create({ name: 'pool', cgroup: hierarchy.base, require: 'kernel', limits: { highBytes: 100 * MiB }, safetyReadMs: 10, ...more });
  made.push(supervisor);
  return supervisor;
};
const next = async <Name extends keyof SupervisorEvents>(supervisor: Supervisor, name: Name): Promise<SupervisorEvents[Name][0]> => {
  const [argument] = (await once(supervisor, name)) as SupervisorEvents[Name];
  return argument;
};
const watches = (supervisor: Supervisor): string[] => supervisor.status().watches.map(({ source, state }) => `${source} ${state}`);
const noDescriptor = new SpillwayError('ERR_SPILLWAY_SYSTEM_LIMIT', 'no file descriptor is left');
const refuseEvents = (): jest.SpyInstance => jest.spyOn(EventMemoryMonitor.prototype, 'start').mockImplementation(() => { throw noDescriptor; });

it('of the pool, its groups, and its workers with a mark', async () => {
  const supervisor = await create();
  await supervisor.group('g', { highBytes: 50 * MiB });
  await supervisor.spawn('sleep', ['600'], { stdio: 'ignore' }, { memory: { highBytes: 40 * MiB } });
  await supervisor.spawn('sleep', ['600'], { stdio: 'ignore' });
  const all = supervisor.status().watches;
  expect(all.map(({ source, state, error }) => [source, state, error])).toEqual([['event', 'ok', undefined], ['event', 'ok', undefined], ['event', 'ok', undefined]]);
  expect(all.slice(0, 2).map(({ cgroup }) => cgroup)).toEqual([pool(), join(pool(), 'g')]);
  expect(all.every(({ since }) => new Date(since).toISOString() === since)).toBe(true);
  await supervisor.close();
  expect(supervisor.status().watches).toEqual([]);
});

it('without a descriptor for the events of the pool, a threshold monitor hears it, and leaves when they are heard', async () => {
  const start = refuseEvents();
  const supervisor = await create();
  expect(watches(supervisor)).toEqual(['event stopped', 'threshold ok']);
  expect(supervisor.status().watches[0]?.error).toBe(noDescriptor.message);
  expect(await next(supervisor, 'degraded')).toBe(noDescriptor);

  setAnonBytes(pool(), 110 * MiB);
  expect(await next(supervisor, 'breach')).toMatchObject({ source: 'threshold', short: true, cgroup: pool() });
  expect(await next(supervisor, 'relief')).toMatchObject({ outcome: 'no-candidate', breach: { source: 'threshold' } });
  expect(supervisor.status().monitor).toBe('breached');

  start.mockRestore();
  await until('the events to be heard', () => watches(supervisor).join() === 'event breached');
  setAnonBytes(pool(), 10 * MiB);
  writeFileSync(join(pool(), 'memory.events.local'), eventsText({ high: 1 }));
  await until('the end of the shortage', () => watches(supervisor).join() === 'event ok');
});

it("without a descriptor for a worker's own mark, too", async () => {
  const supervisor = await create();
  refuseEvents();
  await supervisor.spawn('sleep', ['600'], { stdio: 'ignore' }, { memory: { highBytes: 40 * MiB } });
  expect(watches(supervisor)).toEqual(['event ok', 'event stopped', 'threshold ok']);
});

it('pressure that is wanted and not measured is told, and keeps nobody from working', async () => {
  const supervisor = await create({ monitors: { pressure: true } });
  expect(watches(supervisor)).toEqual(['event ok', 'pressure stopped']);
  expect(await next(supervisor, 'degraded')).toMatchObject({ code: 'ERR_SPILLWAY_PRESSURE_DISABLED', message: expect.stringContaining('memory.pressure cannot be read') as string });
});
