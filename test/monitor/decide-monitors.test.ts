import { join } from 'node:path';
import type { CreateMonitorsOptions } from '../../lib/monitor/create-monitors';
import { decideMonitors, type MonitorChoices } from '../../lib/monitor/decide-monitors';
import { dockerPrivate, FixtureHost, systemdHost, top } from '../cgroup/preflight/fixture-host';
import { errorOf } from '../support/error-of';

const MiB = 2 ** 20;
const slice = `${top}/system.slice`;
const service = `${slice}/my.service`;
const memory = `${top}/memory/docker/ab`;

type Limits = [highBytes: number | 'max', maxBytes: number | 'max'];

/** A service of systemd on cgroup v2; the process is in it. */
function serviceWith(own: Limits, above: Limits = ['max', 'max']): FixtureHost {
  const files = ([high, max]: Limits): Record<string, string | number> => ({
    'memory.current': 1, 'memory.high': high, 'memory.max': max, 'memory.pressure': 'some avg10=0.00 avg60=0.00 avg300=0.00 total=0',
  });
  return systemdHost().in('/system.slice/my.service').cgroup(slice, { files: files(above) }).cgroup(service, { procs: [100], files: files(own) });
}

function v1With(limit: number | string): FixtureHost {
  const host = new FixtureHost().mount(`${top}/memory`, { type: 'cgroup', options: 'rw,memory' });
  return host.put({
    '/proc/self/cgroup': '4:memory:/docker/ab\n0::/\n',
    [join(memory, 'cgroup.procs')]: '100\n', [join(memory, 'memory.usage_in_bytes')]: '1\n', [join(memory, 'memory.limit_in_bytes')]: `${limit}\n`,
  });
}

const given = (host: FixtureHost, environment: Record<string, string>): FixtureHost => {
  Object.assign(host.environment, environment);
  return host;
};
const unsupported = (): FixtureHost => Object.assign(serviceWith([96 * MiB, 'max']), { supported: { ok: false, reason: 'this is darwin', fix: 'run on Linux' } });

/** What is made, with the options that matter, and why, in short. */
function made(host: FixtureHost, options: CreateMonitorsOptions = {}): Record<string, unknown> {
  return Object.fromEntries(Object.entries(decideMonitors(options, host) as unknown as Record<string, MonitorChoices['event']>).map(([name, { options: its }]) => [name, its]));
}
const why = (host: FixtureHost, name: keyof MonitorChoices, options: CreateMonitorsOptions = {}): string => decideMonitors(options, host)[name].reason;
const local = { scope: 'local' } as const;

/** Named after the scenarios of Ray's factory, numbered as there. */
describe("Ray's factory", () => {
  it('1: isolation off: one threshold monitor', () => {
    expect(made(serviceWith(['max', 'max']))).toEqual({ event: undefined, threshold: {}, pressure: undefined });
  });

  it('2: isolation on: an event monitor, then a threshold monitor', () => {
    const choices = made(serviceWith([96 * MiB, 'max']));
    expect(choices).toEqual({ event: { cgroup: service, ...local, keys: ['high'] }, threshold: { cgroup: service }, pressure: undefined });
    expect(Object.keys(choices).slice(0, 2)).toEqual(['event', 'threshold']);
  });
});

describe('by limits, event and threshold monitors are made for', () => {
  const both = (cgroup: string, keys: string[], own = cgroup): unknown => ({ event: { cgroup, ...local, keys }, threshold: { cgroup: own } });
  const hostAlone = { event: undefined, threshold: {} };
  it.each<[string, FixtureHost, unknown, RegExp, RegExp]>([
    ['memory.high below memory.max', serviceWith([96 * MiB, 128 * MiB]), both(service, ['high']), /memory\.high of .*my\.service \(96 MiB\) is met/, /in case that events fail/],
    ['memory.max alone', serviceWith(['max', 128 * MiB]), both(service, ['max']), /memory\.max of .* \(128 MiB\) is met; there is no memory\.high below it/, /stands before memory\.max .*\(128 MiB\), where events come late/],
    ['memory.high that memory.max comes before', serviceWith([256 * MiB, 128 * MiB]), both(service, ['max']), /memory\.max/, /stands before/],
    ['both at once', serviceWith([128 * MiB, 128 * MiB]), both(service, ['max']), /memory\.max/, /stands before/],
    ['memory.high of nothing', serviceWith([0, 'max']), both(service, ['high']), /memory\.high of .* \(0 B\)/, /events fail/],
    ["a limit of the cgroup above, where it has none", serviceWith(['max', 'max'], ['max', 1024 * MiB]), both(slice, ['max'], service), /system\.slice \(1 GiB\)/, /system\.slice/],
    ['a lower limit of the cgroup above', serviceWith([512 * MiB, 'max'], [256 * MiB, 'max']), both(slice, ['high'], service), /system\.slice \(256 MiB\)/, /system\.slice/],
    ['a higher limit of the cgroup above', serviceWith([256 * MiB, 'max'], [512 * MiB, 'max']), both(service, ['high']), /my\.service/, /my\.service/],
    ["a limit above the machine's memory: that of the machine", serviceWith(['max', 17 * 1024 * MiB]), hostAlone, /has a limit below the machine's memory/, /it is measured all the same/],
    ['limits that are no numbers', serviceWith(['max', 'max']).put({ [`${service}/memory.max`]: 'NaN\n', [`${service}/memory.high`]: undefined }), hostAlone, /has a limit/, /all the same/],
    ['a container in a namespace', dockerPrivate().put({ [`${top}/memory.current`]: '1\n' }), both(top, ['max']), /cgroup \(4 GiB\)/, /before/],
    ['cgroup v1', v1With(64 * MiB), { event: undefined, threshold: { cgroup: memory } }, /belongs to cgroup v1, which has no memory\.events/, /cgroup v1 tells of nothing, so .* against its limit \(64 MiB\)/],
    ['cgroup v1 without a limit', v1With('9223372036854771712'), hostAlone, /cgroup v1/, /it is measured all the same/],
    ['no cgroups', new FixtureHost(), hostAlone, /the host raises no events/, /that of the host is measured/],
    ['no cgroups and no /proc/meminfo', new FixtureHost().put({ '/proc/meminfo': undefined }), hostAlone, /no events/, /host/],
  ])('%s', (_, host, expected, event, threshold) => {
    expect(made(host)).toEqual({ ...(expected as object), pressure: undefined });
    expect([why(host, 'event'), why(host, 'threshold')]).toEqual([expect.stringMatching(event), expect.stringMatching(threshold)]);
  });
});

it('elsewhere than on Linux, or without the binary, nothing is made, whatever is asked for', () => {
  const options = { event: {}, threshold: {}, pressure: true } as const;
  expect(made(unsupported(), options)).toEqual({ event: undefined, threshold: undefined, pressure: undefined });
  for (const name of ['event', 'threshold', 'pressure'] as const) expect(why(unsupported(), name, options)).toBe('Spillway cannot work here: this is darwin; run on Linux');
});

describe('by request', () => {
  it.each(['event', 'threshold', 'pressure'] as const)('%s is left out', (name) => {
    const host = given(serviceWith([96 * MiB, 'max']), { MEMORY_PRESSURE_WATCH: `${service}/memory.pressure` });
    expect(made(host)[name]).toBeDefined();
    expect(made(host, { [name]: false })[name]).toBeUndefined();
    expect(why(host, name, { [name]: false })).toBe(`it is switched off by the option '${name}'`);
  });

  it('an event monitor is made of the cgroup itself, although it has no limit yet', () => {
    const event = { keys: ['high', 'max', 'oom'] as const };
    expect(made(serviceWith(['max', 'max'], [96 * MiB, 'max']), { event })['event']).toEqual({ cgroup: service, ...local, ...event });
    expect(made(v1With(1), { event })['event']).toBeUndefined();
    expect(made(new FixtureHost(), { event })['event']).toBeUndefined();
  });

  it('a cgroup that is named is measured although it has no limit yet', () => {
    expect(made(serviceWith(['max', 'max']), { cgroup: service })).toEqual({ event: undefined, threshold: { cgroup: service }, pressure: undefined });
  });

  it('the host is measured although a cgroup has a limit', () => {
    expect(made(v1With(64 * MiB), { threshold: { basis: 'host', fraction: 0.8 } })['threshold']).toEqual({ basis: 'host', fraction: 0.8 });
  });

  it('options go to those that have them', () => {
    const options = { safetyReadMs: 50, killBufferBytes: '1MiB', keepAlive: true, threshold: { fraction: 0.8 }, pressure: { windowMs: 2000 }, event: { keys: ['max'] as const } };
    expect(made(serviceWith([96 * MiB, 'max']), options)).toEqual({
      event: { cgroup: service, ...local, safetyReadMs: 50, killBufferBytes: '1MiB', keepAlive: true, keys: ['max'] },
      threshold: { cgroup: service, killBufferBytes: '1MiB', keepAlive: true, fraction: 0.8 },
      pressure: { cgroup: service, safetyReadMs: 50, keepAlive: true, windowMs: 2000 },
    });
  });

  it('a cgroup that is not there is refused', () => {
    expect(errorOf(() => made(serviceWith(['max', 'max']), { cgroup: '/nowhere' }))).toMatchObject({ code: 'ERR_SPILLWAY_CGROUP_NOT_FOUND' });
  });
});

describe('a pressure monitor', () => {
  const limited = (environment: Record<string, string> = {}): FixtureHost => given(serviceWith([96 * MiB, 'max']), environment);
  const asks = { MEMORY_PRESSURE_WATCH: `${service}/memory.pressure`, MEMORY_PRESSURE_WRITE: 'c29tZSAyMDAwMDAgMjAwMDAwMAA=' };
  const default200 = { stall: 'some', stallMs: 200, windowMs: 2000 };
  const noPsi = (host: FixtureHost): FixtureHost => host.put({ '/proc/pressure/memory': undefined, [`${service}/memory.pressure`]: undefined });

  it.each<[string, FixtureHost, CreateMonitorsOptions, unknown, RegExp]>([
    ['is not made unless somebody asks', limited(), {}, undefined, /^nobody asks for it/],
    ['is made where the caller asks', limited(), { pressure: true }, { cgroup: service }, /^it is asked for by the option 'pressure'$/],
    ['is made with the options of the caller', limited(), { pressure: { stall: 'some' } }, { cgroup: service, stall: 'some' }, /option/],
    ['is made of the host on cgroup v1', v1With(1), { pressure: true }, {}, /option/],
    ['is made of the host without cgroups', new FixtureHost(), { pressure: {} }, {}, /option/],
    ['is not made where the kernel measures none', noPsi(limited()), { pressure: true }, undefined, /my\.service\/memory\.pressure cannot be read: .*psi=1/],
    ['is not made of a host that measures none', noPsi(v1With(1)), { pressure: true }, undefined, /^\/proc\/pressure\/memory cannot be read/],
    ['is made where systemd asks', limited(asks), {}, { cgroup: service, ...default200 }, /^systemd asks for it/],
    ["is made with systemd's trigger where both ask", limited(asks), { pressure: true }, { cgroup: service, ...default200 }, /option/],
    ["is made with the caller's trigger where that is given", limited(asks), { pressure: { stallMs: 20 } }, { cgroup: service, ...default200, stallMs: 20 }, /option/],
    ['is made of the host where systemd names its file', limited({ ...asks, MEMORY_PRESSURE_WATCH: '/proc/pressure/memory' }), {}, default200, /systemd/],
    ['is not made where systemd has switched it off, not even on request', limited({ MEMORY_PRESSURE_WATCH: '/dev/null' }), { pressure: true }, undefined, /^systemd has switched it off/],
    ['is not made of a file that is gone', limited({ MEMORY_PRESSURE_WATCH: '/sys/fs/cgroup/other/memory.pressure' }), {}, undefined, /^\/sys\/fs\/cgroup\/other\/memory\.pressure cannot be read/],
    ['is not made where the variables mean nothing', limited({ MEMORY_PRESSURE_WATCH: '/run/my.fifo' }), {}, undefined, /MEMORY_PRESSURE_WATCH to be the path of a kernel's file.*got "\/run\/my\.fifo"/],
    ["is not made of another cgroup for systemd's sake", limited(asks), { cgroup: slice }, undefined, /^nobody asks/],
  ])('%s', (_, host, options, expected, reason) => {
    expect(made(host, options)['pressure']).toEqual(expected);
    expect(why(host, 'pressure', options)).toMatch(reason);
  });
});
