import { EventEmitter } from 'node:events';
import { SpillwayError, type ErrorCode } from '../../lib/errors';
import type { CreatedMonitors, MonitorDecision } from '../../lib/monitor/create-monitors';
import { MonitorSet } from '../../lib/monitor/monitor-set';
import type { Breach, MemoryMonitor, MonitorEvents, MonitorState } from '../../lib/monitor/types';
import { need } from '../policy/candidates';
import { errorOf } from '../support/error-of';

type Source = MonitorDecision['name'];

const limit = (): SpillwayError => new SpillwayError('ERR_SPILLWAY_SYSTEM_LIMIT', 'no file descriptor is left');
const failing = (code: ErrorCode): SpillwayError => new SpillwayError(code, `failed with ${code}`);

class FakeMonitor extends EventEmitter<MonitorEvents> {
  running = false;
  health: MonitorState = 'ok';
  watch = 7;

  constructor(readonly source: Source) {
    super();
  }

  get state(): MonitorState {
    return this.running ? this.health : 'stopped';
  }

  start(): this {
    const failure = refuse.get(this.source);
    if (failure !== undefined) throw failure;
    this.running = true;
    return this;
  }

  stop(): void {
    this.running = false;
  }

  breach(short = true): void {
    this.emit('breach', { ...need(0).breach, reason: this.source, short });
  }

  degrade(error = limit()): void {
    this.health = 'degraded';
    this.emit('degraded', error);
  }
}

/** Which do not start, and why. */
const refuse = new Map<Source, Error>();
let all: FakeMonitor[];
let sets: MonitorSet[];
let told: string[];
/** Why none can be made. */
let gone: SpillwayError | undefined;
beforeEach(() => {
  jest.useFakeTimers();
  refuse.clear();
  gone = undefined;
  [all, sets, told] = [[], [], []];
});
afterEach(() => {
  for (const set of sets) set.stop();
  jest.advanceTimersByTime(0);
  expect(all.filter(({ running }) => running)).toEqual([]);
  expect(jest.getTimerCount()).toBe(0);
  jest.useRealTimers();
});

function setOf(sources: readonly Source[] = ['event', 'threshold'], { wantsPressure = false } = {}): MonitorSet {
  const names = ['event', 'threshold', 'pressure'] as const;
  const make = (): CreatedMonitors => {
    if (gone !== undefined) throw gone;
    const monitors = names.filter((name) => sources.includes(name)).map((source) => new FakeMonitor(source));
    all.push(...monitors);
    return { monitors: monitors as unknown as MemoryMonitor[], decisions: names.map((name) => ({ name, made: sources.includes(name), reason: `because of ${name}` })) };
  };
  const set = new MonitorSet({ cgroup: '/pool', make, wantsPressure, retryMs: 1000 });
  sets.push(set);
  set.on('breach', ({ reason }) => told.push(`breach ${reason}`));
  set.on('clear', () => told.push('clear'));
  set.on('degraded', ({ message }) => told.push(`degraded: ${message}`));
  set.on('removed', () => told.push('removed'));
  return set;
}
/** Those that run. */
const heard = (): Source[] => all.filter(({ running }) => running).map(({ source }) => source);
const the = (source: Source): FakeMonitor => {
  const monitor = all.find((each) => each.running && each.source === source);
  if (monitor === undefined) throw new Error(`no ${source} monitor runs`);
  return monitor;
};
const health = (set: MonitorSet): [Source, MonitorState, string?][] => set.health.map(({ source, state, error }) => (error === undefined ? [source, state] : [source, state, error]));
const noDescriptor = 'no file descriptor is left';

describe('while all is well', () => {
  it('the best one is heard, and no other', () => {
    const set = setOf().start();
    expect([heard(), set.state, set.running, set.watch, health(set)]).toEqual([['event'], 'ok', true, 7, [['event', 'ok']]]);
    the('event').breach();
    the('event').emit('clear');
    expect(told).toEqual(['breach event', 'clear']);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('its state is that of the best', () => {
    const set = setOf().start();
    the('event').health = 'breached';
    expect([set.state, health(set)]).toEqual(['breached', [['event', 'breached']]]);
  });

  it('where there is but one, that one', () => {
    const set = setOf(['threshold']).start();
    expect([heard(), set.watch, health(set)]).toEqual([['threshold'], undefined, [['threshold', 'ok']]]);
  });

  it("'since' is when the state began, as far as it was looked at", () => {
    const set = setOf().start();
    const [first] = set.health;
    jest.advanceTimersByTime(5000);
    expect(set.health[0]?.since).toBe(first?.since);
    the('event').health = 'breached';
    expect(Date.parse(set.health[0]?.since ?? '')).toBe(Date.parse(first?.since ?? '') + 5000);
  });
});

describe('when the best fails at run time', () => {
  it('it is told, the next one takes its place, and leaves it when it works again', () => {
    const set = setOf().start();
    the('event').degrade();
    expect([heard(), set.state, told]).toEqual([['event', 'threshold'], 'degraded', [`degraded: ${noDescriptor}`]]);
    expect(health(set)).toEqual([['event', 'degraded', noDescriptor], ['threshold', 'ok']]);
    expect(set.watch).toBe(7);

    the('threshold').health = 'breached';
    the('threshold').breach();
    expect([set.state, told.at(-1)]).toEqual(['breached', 'breach threshold']);
    jest.advanceTimersByTime(3000);
    expect(heard()).toEqual(['event', 'threshold']);

    the('event').health = 'ok';
    jest.advanceTimersByTime(1000);
    expect([heard(), set.state, health(set), jest.getTimerCount()]).toEqual([['event'], 'ok', [['event', 'ok']], 0]);
  });

  it('and no other can be made, because the cgroup is gone, that is told, once, and tried again', () => {
    const set = setOf().start();
    gone = failing('ERR_SPILLWAY_CGROUP_NOT_FOUND');
    the('event').degrade();
    jest.advanceTimersByTime(5000);
    expect([heard(), told]).toEqual([['event'], [`degraded: ${noDescriptor}`, 'degraded: failed with ERR_SPILLWAY_CGROUP_NOT_FOUND']]);
    the('event').health = 'ok';
    jest.advanceTimersByTime(1000);
    expect([health(set), jest.getTimerCount()]).toEqual([[['event', 'ok']], 0]);
  });

  it('the shortage of a limit above is not told by the next one', () => {
    setOf().start();
    the('event').degrade();
    told = [];
    const breach = { ...need(0).breach, source: 'threshold', short: true };
    the('threshold').emit('breach', { ...breach, reason: 'above', level: '/' } as Breach);
    the('threshold').emit('breach', { ...breach, reason: 'own', level: '/pool' } as Breach);
    expect(told).toEqual(['breach own']);
  });

  it('and fails again, another one takes its place', () => {
    setOf().start();
    for (let times = 0; times < 3; times++) {
      the('event').degrade();
      expect(heard()).toEqual(['event', 'threshold']);
      the('event').health = 'ok';
      jest.advanceTimersByTime(1000);
      expect(heard()).toEqual(['event']);
    }
  });

  it('and the next one, too, both are told, once, and tried again', () => {
    const set = setOf().start();
    refuse.set('threshold', failing('ERR_SPILLWAY_SYSTEM'));
    the('event').degrade();
    jest.advanceTimersByTime(10_000);
    expect(told).toEqual([`degraded: ${noDescriptor}`, 'degraded: failed with ERR_SPILLWAY_SYSTEM']);
    expect(health(set)).toEqual([['event', 'degraded', noDescriptor], ['threshold', 'stopped', 'failed with ERR_SPILLWAY_SYSTEM']]);
    refuse.clear();
    jest.advanceTimersByTime(1000);
    expect(health(set)).toEqual([['event', 'degraded', noDescriptor], ['threshold', 'ok']]);
  });

  it('a failure that it has got over when it is told needs no other', () => {
    const set = setOf().start();
    the('event').emit('degraded', failing('ERR_SPILLWAY_COUNTERS_RESET'));
    expect([heard(), health(set)]).toEqual([['event'], [['event', 'ok']]]);
  });

  it('a listener may stop the set', () => {
    const set = setOf().start();
    set.on('degraded', () => { set.stop(); });
    the('event').degrade();
    expect([heard(), set.state, set.health]).toEqual([[], 'stopped', []]);
  });

  it('a listener that throws keeps nothing back', () => {
    const nextTick = jest.spyOn(process, 'nextTick').mockImplementation(() => undefined);
    const set = setOf().start();
    set.prependListener('degraded', () => { throw new Error('of the listener'); });
    the('event').degrade();
    expect([heard(), nextTick.mock.calls.length]).toEqual([['event', 'threshold'], 1]);
    nextTick.mockRestore();
  });
});

describe('when the best cannot be started', () => {
  it('for want of descriptors, the next one takes its place, and it is told when somebody can listen', () => {
    refuse.set('event', limit());
    const set = setOf().start();
    expect([heard(), set.state, set.watch, told]).toEqual([['threshold'], 'degraded', undefined, []]);
    expect(health(set)).toEqual([['event', 'stopped', noDescriptor], ['threshold', 'ok']]);
    jest.advanceTimersByTime(2500);
    expect(told).toEqual([`degraded: ${noDescriptor}`]);
    refuse.clear();
    jest.advanceTimersByTime(1000);
    expect([heard(), set.state, set.watch]).toEqual([['event'], 'ok', 7]);
  });

  it.each(['ERR_SPILLWAY_CGROUP_NOT_FOUND', 'ERR_SPILLWAY_PERMISSION', 'ERR_SPILLWAY_UNSUPPORTED'] as const)('for %s, that is thrown: another would fare no better', (code) => {
    refuse.set('event', failing(code));
    const set = setOf();
    expect([errorOf(() => set.start()), set.running, heard()]).toEqual([refuse.get('event'), false, []]);
  });

  it('nor the next one, the error of the best is thrown; then it may be started again', () => {
    refuse.set('event', limit()).set('threshold', failing('ERR_SPILLWAY_SYSTEM'));
    const set = setOf();
    expect(errorOf(() => set.start())).toBe(refuse.get('event'));
    jest.advanceTimersByTime(0);
    expect([set.state, heard(), told]).toEqual(['stopped', [], []]);
    refuse.clear();
    expect(set.start().state).toBe('ok');
  });

  it('any other error is thrown as it is', () => {
    refuse.set('event', new Error('a mistake'));
    expect(() => setOf().start()).toThrow('a mistake');
  });
});

describe('pressure', () => {
  const withPressure = (): MonitorSet => setOf(['event', 'threshold', 'pressure'], { wantsPressure: true });

  it('is heard beside the best; its end of a stall is not that of a shortage', () => {
    const set = withPressure().start();
    the('pressure').health = 'breached';
    the('pressure').breach(false);
    the('pressure').emit('clear');
    expect([heard(), set.state, told, health(set)]).toEqual([['event', 'pressure'], 'ok', ['breach pressure'], [['event', 'ok'], ['pressure', 'breached']]]);
  });

  it('that is wanted and not made is told, with the reason, and not tried again', () => {
    const set = setOf(['event', 'threshold'], { wantsPressure: true }).start();
    expect(heard()).toEqual(['event']);
    jest.advanceTimersByTime(0);
    expect([told, jest.getTimerCount()]).toEqual([['degraded: because of pressure'], 0]);
    expect(health(set)).toEqual([['event', 'ok'], ['pressure', 'stopped', 'because of pressure']]);
  });

  it('that cannot be started keeps nobody from hearing, and is tried again', () => {
    refuse.set('pressure', limit());
    const set = withPressure().start();
    expect([heard(), set.state, health(set)]).toEqual([['event'], 'ok', [['event', 'ok'], ['pressure', 'stopped', noDescriptor]]]);
    refuse.clear();
    jest.advanceTimersByTime(1000);
    expect([heard(), health(set), jest.getTimerCount()]).toEqual([['event', 'pressure'], [['event', 'ok'], ['pressure', 'ok']], 0]);
  });

  it('that ends, because it is measured no more, ends alone', () => {
    const set = withPressure().start();
    const pressure = the('pressure');
    pressure.emit('degraded', failing('ERR_SPILLWAY_PRESSURE_DISABLED'));
    pressure.stop();
    pressure.emit('removed', { cgroup: '/pool', totals: { someMs: 0, fullMs: 0 }, exact: false } as never);
    expect([heard(), told, health(set)]).toEqual([['event'], ['degraded: failed with ERR_SPILLWAY_PRESSURE_DISABLED'], [['event', 'ok'], ['pressure', 'stopped', 'failed with ERR_SPILLWAY_PRESSURE_DISABLED']]]);
  });
});

describe('the end', () => {
  it.each(['event', 'threshold'] as const)('of the cgroup, heard by %s, ends all, and is told once', (source) => {
    const set = setOf(['event', 'threshold', 'pressure']).start();
    if (source === 'threshold') the('event').degrade();
    told = [];
    the(source).emit('removed', { cgroup: '/pool', counters: { low: 0, high: 0, max: 0, oom: 0, oom_kill: 0, oom_group_kill: 0 }, exact: true });
    expect([heard(), told, set.state]).toEqual([[], ['removed'], 'stopped']);
  });

  it('stop(), twice: nothing is heard any more, and it is not started again', () => {
    const set = setOf().start();
    const monitor = the('event');
    set.stop();
    set.stop();
    monitor.breach();
    expect([heard(), told]).toEqual([[], []]);
    expect(errorOf(() => set.start())).toMatchObject({ code: 'ERR_SPILLWAY_STOPPED' });
  });

  it('a second start is refused', () => {
    const set = setOf().start();
    expect(errorOf(() => set.start())).toMatchObject({ code: 'ERR_SPILLWAY_ALREADY_STARTED' });
  });

  it('what was to be told later is not told after stop()', () => {
    refuse.set('event', limit());
    setOf().start().stop();
    jest.advanceTimersByTime(5000);
    expect(told).toEqual([]);
  });
});
