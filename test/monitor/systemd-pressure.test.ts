import { PressureMemoryMonitor } from '../../lib/monitor/pressure-memory-monitor';
import { systemdPressure } from '../../lib/monitor/systemd-pressure';
import { errorOf } from '../support/error-of';
import { stubPressure } from '../support/stub-pressure';

const base64 = (text: string): string => Buffer.from(text, 'latin1').toString('base64');
const service = '/sys/fs/cgroup/system.slice/my.service';
const WATCH = 'MEMORY_PRESSURE_WATCH';
const WRITE = 'MEMORY_PRESSURE_WRITE';

afterEach(() => {
  jest.restoreAllMocks();
});

it('what systemd sets by default: some, 200 ms in 2 s', () => {
  // As found in the environment of services.
  const asked = systemdPressure({ [WATCH]: `${service}/memory.pressure`, [WRITE]: 'c29tZSAyMDAwMDAgMjAwMDAwMAA=' });
  expect(asked).toEqual({ cgroup: service, stall: 'some', stallMs: 200, windowMs: 2000 });
});

it.each<[string, NodeJS.ProcessEnv, unknown]>([
  ['no variable', {}, undefined],
  ['an empty one', { [WATCH]: '', [WRITE]: base64('some 1 1') }, undefined],
  ['a trigger without a file', { [WRITE]: base64('some 200000 2000000') }, undefined],
  ['/dev/null: switched off', { [WATCH]: '/dev/null' }, 'off'],
  ['/dev/null, whatever is to be written', { [WATCH]: '/dev/null', [WRITE]: '!' }, 'off'],
  ['no trigger', { [WATCH]: `${service}/memory.pressure` }, { cgroup: service, stall: 'some', stallMs: 200, windowMs: 2000 }],
  ['an empty trigger', { [WATCH]: `${service}/memory.pressure`, [WRITE]: '' }, { cgroup: service, stall: 'some', stallMs: 200, windowMs: 2000 }],
  ['the host', { [WATCH]: '/proc/pressure/memory', [WRITE]: base64('full 150000 1000000') }, { stall: 'full', stallMs: 150, windowMs: 1000 }],
  ['no NUL at the end', { [WATCH]: '/c/memory.pressure', [WRITE]: base64('full 1500 50000') }, { cgroup: '/c', stall: 'full', stallMs: 1.5, windowMs: 50 }],
  ['a newline', { [WATCH]: '/c/memory.pressure', [WRITE]: base64('some 100 10000000\n') }, { cgroup: '/c', stall: 'some', stallMs: 0.1, windowMs: 10_000 }],
  ['a window that is no whole milliseconds', { [WATCH]: '/c/memory.pressure', [WRITE]: base64('some 100 500001') }, { cgroup: '/c', stall: 'some', stallMs: 0.1, windowMs: 501 }],
  ['a path with dots', { [WATCH]: '/c/./d/../memory.pressure' }, { cgroup: '/c', stall: 'some', stallMs: 200, windowMs: 2000 }],
])('%s', (_, env, asked) => {
  expect(systemdPressure(env)).toEqual(asked);
});

it.each([
  'memory.pressure', './memory.pressure', '/run/my.fifo', '/run/spillway/socket', '/memory.pressure.d', '/c/xmemory.pressure', '/c/memory.pressure/x',
  '/c/cpu.pressure', '/proc/pressure/cpu', '/dev/null ', '/', '/c\0/memory.pressure', 'x'.repeat(100_000),
])('the file %j is refused', (watch) => {
  expect(errorOf(() => systemdPressure({ [WATCH]: watch }))).toMatchObject({
    code: 'ERR_SPILLWAY_INVALID_OPTION', message: expect.stringMatching(/^Expected the environment variable MEMORY_PRESSURE_WATCH to be .{1,400}, got ".{0,80}; unset it/) as string,
  });
});

it.each([
  ['no base64', 'some 200000 2000000'],
  ['base64 that is cut off', 'c29tZSAyMDAwMDAgMjAwMDAwMAA'],
  ['base64 with a line break', 'c29tZSAyMDAw\nMDAgMjAwMDAwMAA='],
  ['base64url', base64('some 200000 2000000').replace('A', '_')],
  ['nothing but NULs', base64('\0\0\0')],
  ['another word', base64('most 200000 2000000\0')],
  ['one figure', base64('some 200000')],
  ['three figures', base64('some 1000 2000000 3')],
  ['a figure with a sign', base64('some -1000 2000000')],
  ['a fraction', base64('some 1000.5 2000000')],
  ['a NUL in between', base64('some 1000\0 2000000')],
  ['two triggers', base64('some 1000 2000000\nfull 1 2')],
  ['no stall', base64('some 0 2000000')],
  ['less than 0.1 ms', base64('some 99 2000000')],
  ['more than the window', base64('some 2000001 2000000')],
  ['too short a window', base64('some 1000 49000')],
  ['too long a window', base64('some 1000 10000001')],
  ['more digits than fit', base64('some 1000 99999999999')],
  ['a megabyte', base64('some 200000 2000000\0'.repeat(50_000))],
])('a trigger that is %s is refused', (_, write) => {
  expect(errorOf(() => systemdPressure({ [WATCH]: '/c/memory.pressure', [WRITE]: write }))).toMatchObject({
    code: 'ERR_SPILLWAY_INVALID_OPTION', message: expect.stringMatching(/^Expected the environment variable MEMORY_PRESSURE_WRITE to be .{1,300}, got .{1,80}; unset it/) as string,
  });
});

describe('PressureMemoryMonitor.fromEnvironment()', () => {
  it('asks the core for what systemd asks for', () => {
    const core = stubPressure();
    const monitor = PressureMemoryMonitor.fromEnvironment({ safetyReadMs: 50 }, { [WATCH]: '/proc/pressure/memory', [WRITE]: base64('some 150000 4000000') });
    monitor?.start().stop();
    expect(core.options()).toMatchObject({ file: '/proc/pressure/memory', stall: 'some', stallMs: 150, windowMs: 4000, safetyReadMs: 50, keepAlive: false });
  });

  it('is none where systemd asks for none', () => {
    expect([PressureMemoryMonitor.fromEnvironment({}, {}), PressureMemoryMonitor.fromEnvironment({}, { [WATCH]: '/dev/null' })]).toEqual([undefined, undefined]);
  });

  it('of an ordinary file nothing is opened: a trigger would overwrite it', () => {
    const monitor = PressureMemoryMonitor.fromEnvironment({}, { [WATCH]: '/tmp/memory.pressure' });
    expect(errorOf(() => monitor?.start())).toMatchObject({ code: 'ERR_SPILLWAY_NOT_CGROUP2' });
  });

  it('refuses the trigger as an option', () => {
    expect(errorOf(() => PressureMemoryMonitor.fromEnvironment({ stallMs: 1 } as object, {}))).toMatchObject({ code: 'ERR_SPILLWAY_INVALID_OPTION' });
  });
});
