import { ThresholdMemoryMonitor, type ThresholdMemoryMonitorOptions } from '../../lib/monitor/threshold-memory-monitor';
import type { MonitorEvents, ThresholdBreach } from '../../lib/monitor/types';
import { native } from '../../lib/native';
import { onTimeLine } from '../../lib/time-line';
import { errorOf } from '../support/error-of';
import { stubThreshold, type StubThreshold } from '../support/stub-threshold';

type Events = MonitorEvents<ThresholdBreach>;

afterEach(() => {
  jest.restoreAllMocks();
});

interface Watched {
  core: StubThreshold;
  monitor: ThresholdMemoryMonitor;
  events: string[];
  heard: <Name extends keyof Events>(name: Name) => Events[Name][0][];
}

function watch(options?: ThresholdMemoryMonitorOptions): Watched {
  const core = stubThreshold();
  const monitor = new ThresholdMemoryMonitor(options);
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

const crossing = { breach: true, crossed: true, over: true, usedBytes: 800, short: true };
const failure = { errno: 5, syscall: 'pread', file: 'meminfo' };

describe('a breach', () => {
  it('carries what was measured, and when', () => {
    const { core, heard, monitor } = watch();
    const noticedMs = Number(process.hrtime.bigint()) / 1e6 - 20;
    core.tell({ ...crossing, noticedMs });
    expect(heard('breach')).toEqual([{
      source: 'threshold', basis: 'host', cgroup: 'the host', level: 'the host', usedBytes: 800, thresholdBytes: 700, totalBytes: 1000, sequence: 1, short: true,
      usage: {}, limits: {}, detectedAtMs: expect.any(Number) as number, reason: 'the host uses 800 B of all memory, the threshold is 700 B of 1000 B',
    }]);
    expect(heard('breach')[0]?.detectedAtMs).toBe(onTimeLine(noticedMs));
    expect(monitor.state).toBe('breached');
  });

  it('counts, and comes again where that was asked for', () => {
    const { core, heard, events } = watch({ repeatMs: 1000 });
    core.tell(crossing);
    core.tell({ ...crossing, crossed: false });
    expect(heard('breach').map(({ sequence }) => sequence)).toEqual([1, 2]);
    expect(events).not.toContain('clear');
  });

  it('of cache alone says that it is not short', () => {
    const { core, heard } = watch();
    core.tell({ ...crossing, short: false, pinnedBytes: 300, usage: { currentBytes: 800 } });
    expect(heard('breach')[0]).toMatchObject({ short: false, usage: { currentBytes: 800, pinnedBytes: 300 }, reason: expect.stringContaining('not short, the rest is cache') as string });
  });
});

describe('clear', () => {
  it('comes once when it is over', () => {
    const watched = watch();
    watched.core.tell(crossing);
    watched.core.tell();
    watched.core.tell();
    expect(watched.events).toEqual(['breach', 'clear']);
    expect(watched.monitor.state).toBe('ok');
  });

  it('follows a breach in one report, when JavaScript was busy meanwhile', () => {
    const watched = watch();
    watched.core.tell({ ...crossing, over: false });
    expect(watched.events).toEqual(['breach', 'clear']);
  });

  it('stands between two breaches that JavaScript was too busy to see the middle of', () => {
    const watched = watch();
    watched.core.tell(crossing);
    watched.core.tell(crossing);
    watched.core.tell({ ...crossing, over: false });
    expect(watched.events).toEqual(['breach', 'clear', 'breach', 'clear', 'breach', 'clear']);
  });

  it('does not come without a breach', () => {
    const watched = watch();
    watched.core.tell();
    expect(watched.events).toEqual([]);
  });
});

describe('a failure at run time', () => {
  it('is told once and again when it is another one, and ends with the next good sample', () => {
    const { core, monitor, heard } = watch();
    core.tell({ failure });
    core.tell({ failure });
    expect(monitor.state).toBe('degraded');
    core.tell({ failure: { ...failure, errno: -1 } });
    expect(heard('degraded').map(({ code }) => code)).toEqual(['ERR_SPILLWAY_SYSTEM', 'ERR_SPILLWAY_FILE_INVALID']);
    expect(heard('degraded')[0]?.message).toBe('Could not go on watching the memory of the host: pread of /proc/meminfo failed (EIO)');
    core.tell();
    expect(monitor.state).toBe('ok');
    core.tell({ failure });
    expect(heard('degraded')).toHaveLength(3);
  });

  it('ends no breach', () => {
    const watched = watch();
    watched.core.tell(crossing);
    watched.core.tell({ over: true, failure });
    expect(watched.events).toEqual(['breach', 'degraded']);
    watched.core.tell({ over: true });
    expect(watched.monitor.state).toBe('breached');
  });
});

describe('removal', () => {
  it('is the last event, and stops the monitor', () => {
    const watched = watch();
    const { core, monitor, heard } = watched;
    core.tell(crossing);
    core.tell({ removed: true, usage: { currentBytes: 5 } });
    expect(watched.events).toEqual(['breach', 'removed']);
    expect(heard('removed')).toEqual([{ cgroup: 'the host', usage: { currentBytes: 5 }, exact: false }]);
    expect(monitor).toMatchObject({ running: false, state: 'stopped' });
    expect(core.unwatched).toEqual([7]);
    core.tell(crossing);
    expect(watched.events).toHaveLength(2);
  });

  it('comes after a breach of the same report, and nothing in between', () => {
    const watched = watch();
    watched.core.tell({ ...crossing, over: false, removed: true });
    expect(watched.events).toEqual(['breach', 'removed']);
  });
});

describe('listeners', () => {
  it('may stop the monitor: nothing more is told', () => {
    const watched = watch();
    watched.monitor.on('breach', () => { watched.monitor.stop(); });
    watched.core.tell({ ...crossing, over: false, removed: true });
    expect(watched.events).toEqual(['breach']);
  });

  it('that throw keep no other event back', () => {
    // As Node does with what a listener throws; here only that it is on its way.
    const thrown = jest.spyOn(process, 'nextTick').mockImplementation(() => undefined);
    const watched = watch();
    watched.monitor.on('breach', () => { throw new Error('mine'); });
    watched.core.tell({ ...crossing, removed: true });
    expect(watched.events).toEqual(['breach', 'removed']);
    expect(thrown).toHaveBeenCalledTimes(1);
  });
});

it('a failed start may be tried again, a stopped monitor may not', () => {
  const core = stubThreshold();
  jest.spyOn(native(), 'watchThreshold').mockReturnValueOnce({ errno: 24, syscall: 'open', file: 'meminfo' });
  const monitor = new ThresholdMemoryMonitor();
  expect(errorOf(() => monitor.start())).toMatchObject({ code: 'ERR_SPILLWAY_SYSTEM_LIMIT', message: expect.stringContaining('EMFILE') as string });
  expect(monitor.running).toBe(false);
  expect(monitor.start().running).toBe(true);
  expect(errorOf(() => monitor.start())).toMatchObject({ code: 'ERR_SPILLWAY_ALREADY_STARTED' });
  monitor[Symbol.dispose]();
  monitor.stop();
  expect(core.unwatched).toEqual([7]);
  expect(errorOf(() => monitor.start())).toMatchObject({ code: 'ERR_SPILLWAY_STOPPED' });
});
