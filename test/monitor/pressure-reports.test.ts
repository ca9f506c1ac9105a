import { PressureMemoryMonitor } from '../../lib/monitor/pressure-memory-monitor';
import type { MonitorEvents, PressureBreach } from '../../lib/monitor/types';
import { native } from '../../lib/native';
import { onTimeLine } from '../../lib/time-line';
import { errorOf } from '../support/error-of';
import { MiB } from '../support/fixture-cgroup';
import { stubPressure, type StubPressure } from '../support/stub-pressure';

type Events = MonitorEvents<PressureBreach>;

afterEach(() => {
  jest.restoreAllMocks();
});

interface Watched {
  core: StubPressure;
  monitor: PressureMemoryMonitor;
  events: string[];
  heard: <Name extends keyof Events>(name: Name) => Events[Name][0][];
}

function watch(granted?: { stallMs: number; windowMs: number }): Watched {
  const core = stubPressure(granted);
  const monitor = new PressureMemoryMonitor();
  const all: [name: keyof Events, argument: unknown][] = [];
  for (const name of ['breach', 'clear', 'degraded', 'removed'] as const) monitor.on(name, (argument?: unknown) => all.push([name, argument]));
  monitor.start();
  return {
    core,
    monitor,
    get events() { return all.map(([name]) => name); },
    heard: (name) => all.filter(([each]) => each === name).map(([, argument]) => argument as never),
  };
}

const stall = { breach: true, stalled: true, totals: { someMs: 900, fullMs: 700 }, growth: { someMs: 300, fullMs: 200 } };
const failure = { errno: 5, syscall: 'pread', file: 'memory.pressure' };

describe('a breach', () => {
  it('carries the totals, their growth and the trigger that was granted', () => {
    const { core, heard, monitor } = watch({ stallMs: 300, windowMs: 2000 });
    const noticedMs = Number(process.hrtime.bigint()) / 1e6 - 20;
    core.tell({ ...stall, noticedMs });
    expect(heard('breach')).toEqual([{
      source: 'pressure', cgroup: 'the host', stall: 'full', stallMs: 300, windowMs: 2000, sequence: 1, short: false, usage: {}, limits: {},
      totals: stall.totals, growth: stall.growth, detectedAtMs: expect.any(Number) as number, reason: expect.stringContaining('300 ms or more of 2000 ms') as string,
    }]);
    expect(heard('breach')[0]?.detectedAtMs).toBe(onTimeLine(noticedMs));
    expect(monitor.state).toBe('breached');
    expect(monitor.granted).toEqual({ stallMs: 300, windowMs: 2000 });
  });

  it('counts, and comes again while the stall lasts', () => {
    const { core, heard, events } = watch();
    for (let round = 0; round < 3; round += 1) core.tell(stall);
    expect(heard('breach').map(({ sequence }) => sequence)).toEqual([1, 2, 3]);
    expect(events).not.toContain('clear');
  });

  it("carries the cgroup's figures, and is short where they say so", () => {
    const { core, heard } = watch();
    const shortness = { known: true, short: true, pinnedBytes: 99 * MiB, markBytes: 100 * MiB, clearBytes: 95 * MiB, bytesToFree: 4 * MiB };
    core.tell({ ...stall, usage: { currentBytes: 100 * MiB }, limits: { highBytes: 100 * MiB }, shortness });
    expect(heard('breach')[0]).toMatchObject({
      short: true, usage: { currentBytes: 100 * MiB, pinnedBytes: 99 * MiB }, limits: { highBytes: 100 * MiB }, reason: expect.stringContaining('it is short: 99 MiB of 100 MiB') as string,
    });
  });
});

describe('clear', () => {
  it('comes once when the stall is over', () => {
    const watched = watch();
    watched.core.tell(stall);
    watched.core.tell();
    watched.core.tell();
    expect(watched.events).toEqual(['breach', 'clear']);
    expect(watched.monitor.state).toBe('ok');
  });

  it('follows a breach in one report, when JavaScript was busy meanwhile', () => {
    const watched = watch();
    watched.core.tell({ ...stall, stalled: false });
    expect(watched.events).toEqual(['breach', 'clear']);
  });

  it('does not come without a breach', () => {
    const watched = watch();
    watched.core.tell();
    expect(watched.events).toEqual([]);
  });
});

describe('a failure at run time', () => {
  it('is told once and again when it is another one, and ends with the next good look', () => {
    const { core, monitor, heard } = watch();
    core.tell({ failure });
    core.tell({ failure });
    expect(monitor.state).toBe('degraded');
    core.tell({ failure: { ...failure, errno: -1 } });
    expect(heard('degraded').map(({ code }) => code)).toEqual(['ERR_SPILLWAY_SYSTEM', 'ERR_SPILLWAY_FILE_INVALID']);
    core.tell();
    expect(monitor.state).toBe('ok');
    core.tell({ failure });
    expect(heard('degraded')).toHaveLength(3);
  });
});

describe('removal', () => {
  it('is the last event, with the last totals, and stops the monitor', () => {
    const watched = watch();
    const { core, monitor, heard } = watched;
    core.tell(stall);
    core.tell({ removed: true, totals: stall.totals });
    expect(watched.events).toEqual(['breach', 'removed']);
    expect(heard('removed')).toEqual([{ cgroup: 'the host', totals: stall.totals, exact: false }]);
    expect(monitor).toMatchObject({ running: false, state: 'stopped' });
    expect(core.unwatched).toEqual([7]);
    core.tell(stall);
    expect(watched.events).toHaveLength(2);
  });
});

describe('listeners', () => {
  it('may stop the monitor: nothing more is told', () => {
    const watched = watch();
    watched.monitor.on('breach', () => { watched.monitor.stop(); });
    watched.core.tell({ ...stall, stalled: false, removed: true });
    expect(watched.events).toEqual(['breach']);
  });

  it('that throw keep no other event back', () => {
    // As Node does with what a listener throws; here only that it is on its way.
    const thrown = jest.spyOn(process, 'nextTick').mockImplementation(() => undefined);
    const watched = watch();
    watched.monitor.on('breach', () => { throw new Error('mine'); });
    watched.core.tell({ ...stall, removed: true });
    expect(watched.events).toEqual(['breach', 'removed']);
    expect(thrown).toHaveBeenCalledTimes(1);
  });
});

it('the native core gets finished values', () => {
  const core = stubPressure();
  new PressureMemoryMonitor({ stall: 'some', stallMs: 0.2, windowMs: 2000, safetyReadMs: 50, keepAlive: true }).start();
  expect(core.options()).toEqual({ file: '/proc/pressure/memory', directory: undefined, stall: 'some', stallMs: 0.2, windowMs: 2000, safetyReadMs: 50, keepAlive: true });
});

it('a failed start may be tried again', () => {
  const core = stubPressure();
  jest.spyOn(native(), 'watchPressure').mockReturnValueOnce({ errno: 16, syscall: 'write', file: 'memory.pressure' });
  const monitor = new PressureMemoryMonitor();
  expect(errorOf(() => monitor.start())).toMatchObject({ code: 'ERR_SPILLWAY_SYSTEM', message: expect.stringContaining('EBUSY') as string });
  expect(monitor).toMatchObject({ running: false, granted: undefined });
  expect(monitor.start().running).toBe(true);
  monitor.stop();
  expect(core.unwatched).toEqual([7]);
});
