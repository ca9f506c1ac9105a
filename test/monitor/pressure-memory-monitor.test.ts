import { mkdirSync, readFileSync, rmdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { ErrorCode } from '../../lib/errors';
import { PressureMemoryMonitor, type PressureMemoryMonitorOptions } from '../../lib/monitor/pressure-memory-monitor';
import { errorOf } from '../support/error-of';
import { FixtureCgroup } from '../support/fixture-cgroup';
import { Metronome, tickMs } from '../support/metronome';
import { mountOf } from '../support/mount-of';
import { openFiles, reactorCount } from '../support/process-resources';
import { stubPressure } from '../support/stub-pressure';

const pressureText = 'some avg10=0.00 avg60=0.00 avg300=0.00 total=0\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=0\n';

const monitors: PressureMemoryMonitor[] = [];
let fixture: FixtureCgroup;
beforeEach(() => {
  fixture = new FixtureCgroup();
});
afterEach(() => {
  jest.restoreAllMocks();
  for (const monitor of monitors.splice(0)) monitor.stop();
  fixture.remove();
});

function make(options?: PressureMemoryMonitorOptions): PressureMemoryMonitor {
  const monitor = new PressureMemoryMonitor(options);
  monitors.push(monitor);
  return monitor;
}

/** Whether this machine takes a trigger at all: PSI, and a kernel and rights that go together. */
function takesTriggers(): boolean {
  const monitor = new PressureMemoryMonitor({ windowMs: 2000 });
  try {
    monitor.start();
    return true;
  } catch {
    return false;
  } finally {
    monitor.stop();
  }
}
const onPressure = takesTriggers() ? it : it.skip;

/** Named after the scenarios of Ray's pressure monitor, numbered as there. */
describe("Ray's pressure monitor", () => {
  it('1: modes, shares and windows that are valid', () => {
    for (const stall of ['some', 'full'] as const) {
      for (const windowMs of [2000, 4000, 6000, 8000, 10_000]) {
        for (const share of [0.0001, 0.5, 1]) expect(make({ stall, stallMs: share * windowMs, windowMs }).running).toBe(false);
      }
    }
  });

  it('2: an unknown mode is refused', () => {
    expect(errorOf(() => make({ stall: 'most' as 'some' }))).toMatchObject({ code: 'ERR_SPILLWAY_INVALID_OPTION' });
  });

  it('3: a window of 12 s is refused, one of 3 s is left to the kernel', () => {
    expect(errorOf(() => make({ windowMs: 12_000 }))).toMatchObject({ code: 'ERR_SPILLWAY_INVALID_OPTION' });
    expect(make({ windowMs: 3000 }).running).toBe(false);
  });

  it('4: a missing cgroup is refused', () => {
    expect(errorOf(() => make({ cgroup: join(fixture.directory, 'missing') }).start())).toMatchObject({ code: 'ERR_SPILLWAY_CGROUP_NOT_FOUND' });
  });

  // The text itself is the native core's: native/test/pressure_trigger_test.cc.
  it('5: the trigger is asked for as it was given', () => {
    const core = stubPressure();
    make({ stall: 'some', stallMs: 1000, windowMs: 2000 }).start();
    expect(core.options()).toMatchObject({ stall: 'some', stallMs: 1000, windowMs: 2000 });
  });

  it('6: an event is a breach', () => {
    const core = stubPressure();
    const monitor = make();
    const heard = jest.fn();
    monitor.on('breach', heard).start();
    core.tell({ breach: true, stalled: true, growth: { someMs: 200, fullMs: 200 } });
    expect(heard).toHaveBeenCalledTimes(1);
  });
});

describe('a path that is no cgroup', () => {
  it.each<[what: string, code: ErrorCode, path: () => string]>([
    ['a folder', 'ERR_SPILLWAY_NOT_CGROUP2', () => fixture.directory],
    ['a file', 'ERR_SPILLWAY_NOT_CGROUP2', () => fixture.path('memory.events')],
    ['one below a file', 'ERR_SPILLWAY_CGROUP_NOT_FOUND', () => join(fixture.path('memory.events'), 'below')],
    ['a link to nowhere', 'ERR_SPILLWAY_CGROUP_NOT_FOUND', () => { symlinkSync('nowhere', join(fixture.directory, 'link')); return join(fixture.directory, 'link'); }],
    ['/proc', 'ERR_SPILLWAY_NOT_CGROUP2', () => '/proc'],
    ['/dev/null', 'ERR_SPILLWAY_NOT_CGROUP2', () => '/dev/null'],
  ])('%s is %s', (_what, code, path) => {
    const cgroup = path();
    const before = openFiles();
    expect(errorOf(() => make({ cgroup }).start())).toMatchObject({ code });
    expect(openFiles()).toEqual(before);
    expect(reactorCount()).toBe(0);
  });

  it('keeps what its memory.pressure says: a trigger would overwrite it', () => {
    const file = join(fixture.directory, 'memory.pressure');
    writeFileSync(file, pressureText);
    expect(errorOf(() => make({ cgroup: fixture.directory }).start())).toMatchObject({ code: 'ERR_SPILLWAY_NOT_CGROUP2' });
    expect(readFileSync(file, 'utf8')).toBe(pressureText);
  });
});

describe('the host', () => {
  onPressure('is watched without a false event, and let go of', async () => {
    const before = openFiles();
    const monitor = make({ stallMs: 1000, windowMs: 1000, safetyReadMs: tickMs });
    const heard = jest.fn();
    for (const name of ['breach', 'clear', 'degraded', 'removed'] as const) monitor.on(name, heard);
    expect(monitor.start()).toBe(monitor);
    expect(monitor.state).toBe('ok');
    expect(openFiles().filter((name) => name === '/proc/pressure/memory')).toHaveLength(1);
    const metronome = new Metronome();
    await metronome.rounds(20);
    metronome.stop();
    monitor.stop();
    monitor.stop();
    expect(heard).not.toHaveBeenCalled();
    expect(monitor.state).toBe('stopped');
    expect(openFiles()).toEqual(before);
    expect(reactorCount()).toBe(0);
  });

  onPressure('grants the window, or with fewer rights the same share of a longer one', () => {
    const granted = make({ stallMs: 100, windowMs: 1000 }).start().granted;
    expect([{ stallMs: 100, windowMs: 1000 }, { stallMs: 200, windowMs: 2000 }]).toContainEqual(granted);
    expect(make({ stallMs: 300, windowMs: 4000 }).start().granted).toEqual({ stallMs: 300, windowMs: 4000 });
  });

  onPressure('takes many monitors, each with a trigger of its own', () => {
    const many = Array.from({ length: 20 }, (_each, index) => make({ windowMs: 2000, stallMs: 1900 + index }).start());
    expect(many.map(({ granted }) => granted?.stallMs)).toEqual(many.map((_each, index) => 1900 + index));
    expect(reactorCount(1)).toBe(1);
  });

  onPressure('is started once', () => {
    const monitor = make({ windowMs: 2000 }).start();
    expect(errorOf(() => monitor.start())).toMatchObject({ code: 'ERR_SPILLWAY_ALREADY_STARTED' });
    monitor[Symbol.dispose]();
    expect(errorOf(() => monitor.start())).toMatchObject({ code: 'ERR_SPILLWAY_STOPPED' });
  });
});

describe('a real cgroup', () => {
  const unified = mountOf('cgroup2');

  onPressure("ends in 'removed', and one whose accounting is switched off says so", async () => {
    const gone = join(unified ?? '/nowhere', `spillway-test-${process.pid}-gone`);
    const off = join(unified ?? '/nowhere', `spillway-test-${process.pid}-off`);
    try {
      mkdirSync(gone);
      mkdirSync(off);
    } catch {
      return; // no cgroup v2 here, or not ours to change
    }
    try {
      const told: string[] = [];
      const hear = (name: string, cgroup: string): Promise<void> =>
        new Promise((settle) => {
          make({ cgroup, windowMs: 2000, safetyReadMs: 3_600_000, keepAlive: true })
            .on('degraded', ({ code }) => told.push(`${name} ${code}`))
            .on('removed', ({ exact }) => {
              told.push(`${name} removed ${exact}`);
              settle();
            })
            .start();
        });
      const ends = [hear('gone', gone), hear('off', off)] as const;
      rmdirSync(gone);
      await ends[0];
      writeFileSync(join(off, 'cgroup.pressure'), '0');
      await Promise.race([ends[1], delay(30_000, undefined, { ref: false })]);
      expect(told).toEqual(['gone removed false', 'off ERR_SPILLWAY_PRESSURE_DISABLED', 'off removed false']);
      expect(errorOf(() => make({ cgroup: off }).start())).toMatchObject({
        code: 'ERR_SPILLWAY_PRESSURE_DISABLED', message: expect.stringContaining(`write 1 to ${off}/cgroup.pressure`) as string,
      });
    } finally {
      rmdirSync(off);
    }
  });
});
