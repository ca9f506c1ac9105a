import { resolve } from 'node:path';
import { SpillwayError } from '../../lib/errors';
import { PressureMemoryMonitor } from '../../lib/monitor/pressure-memory-monitor';
import { quote } from '../../lib/options';
import { errorOf } from '../support/error-of';
import { reactorCount } from '../support/process-resources';

/** As a JavaScript user calls it: nothing is checked before. */
const construct = (options?: unknown): PressureMemoryMonitor => new PressureMemoryMonitor(options as object);

const wrong: [name: string, values: unknown[]][] = [
  ['cgroup', [null, '', 7, true, {}, [], ['/a'], Buffer.from('/a'), new URL('file:///a'), 'a\0b', Symbol('a'), () => '/a', 1n]],
  ['stall', [null, '', 'Full', 'both', 1, {}, ['some'], Symbol('some')]],
  ['stallMs', [null, '150', '', NaN, Infinity, -Infinity, 0, 0.09, -1, 1000.1, 1001, 150n, true, [150], {}]],
  ['windowMs', [null, '1000', '', NaN, Infinity, -Infinity, 0, 49, 49.9, 100.5, -1000, 10_001, 12_000, 1000n, true, [1000], {}]],
  ['safetyReadMs', [null, '1000', '', NaN, Infinity, 0, 9, 10.5, -1000, 3_600_001, 1000n, true, {}]],
  ['keepAlive', [null, 0, 1, '', 'true', {}, []]],
];

describe.each(wrong)("a bad '%s'", (name, values) => {
  it.each(values.map((value) => [quote(value), value]))('%s is refused, and the message quotes it', (text, value) => {
    const error = errorOf(() => construct({ [name]: value }));
    expect(error).toBeInstanceOf(SpillwayError);
    expect(error).toMatchObject({ name: 'SpillwayError', code: 'ERR_SPILLWAY_INVALID_OPTION' });
    expect((error as SpillwayError).message).toMatch(new RegExp(`^Expected option '${name}' to be .+, got .+$`));
    expect((error as SpillwayError).message).toContain(`got ${text}`);
  });
});

describe('good options', () => {
  it.each<[string, unknown[]]>([
    ['cgroup', [undefined, '/a', 'a', './a/', '/a\nb', '/ä']],
    ['stall', [undefined, 'some', 'full']],
    ['stallMs', [undefined, 0.1, 0.2, 150, 999.999, 1000]],
    ['windowMs', [undefined, 150, 500, 1000, 2000, 3000, 10_000]],
    ['safetyReadMs', [undefined, 10, 1000, 3_600_000]],
    ['keepAlive', [undefined, true, false]],
  ])("of '%s' are taken", (name, values) => {
    for (const value of values) expect(construct({ [name]: value }).running).toBe(false);
  });

  it('are not needed at all', () => {
    expect(construct().cgroup).toBe('the host');
    expect(construct({}).granted).toBeUndefined();
  });

  it('make an absolute path of the cgroup, at construction', () => {
    expect(construct({ cgroup: 'pool/../pool/' }).cgroup).toBe(resolve('pool'));
  });

  it('are read once: the caller may reuse its object', () => {
    const options = { cgroup: '/a' };
    const monitor = construct(options);
    options.cgroup = '/b';
    expect(monitor.cgroup).toBe('/a');
  });
});

describe('a stall that is longer than its window', () => {
  it.each([[{ stallMs: 500, windowMs: 499 }], [{ windowMs: 149 }], [{ stallMs: 10_001, windowMs: 10_000 }]])('%p is refused', (options) => {
    const error = errorOf(() => construct(options));
    expect(error).toMatchObject({ code: 'ERR_SPILLWAY_INVALID_OPTION', message: expect.stringContaining(`windowMs, which is ${options.windowMs}`) as string });
  });

  it('may be all of it', () => {
    expect(construct({ stallMs: 50, windowMs: 50 }).running).toBe(false);
  });
});

describe('options as a whole', () => {
  it.each([[null], ['/c'], [7], [[]], [['/c']], [() => '/c']])('%p are refused', (options) => {
    expect(errorOf(() => construct(options))).toMatchObject({
      code: 'ERR_SPILLWAY_INVALID_OPTION', message: expect.stringContaining('options of PressureMemoryMonitor to be an object') as string,
    });
  });

  it.each([['stlalMs', 'stallMs'], ['window', 'windowMs'], ['stalls', 'stall'], ['cgruop', 'cgroup'], ['safetyRead', 'safetyReadMs']])(
    "a misspelt '%s' is refused, with a hint at '%s'",
    (given, meant) => {
      expect(errorOf(() => construct({ [given]: 1 }))).toMatchObject({
        code: 'ERR_SPILLWAY_INVALID_OPTION', message: `Unknown option "${given}" of PressureMemoryMonitor; did you mean '${meant}'?`,
      });
    },
  );
});

it('a monitor that is only constructed opens nothing', () => {
  construct({ cgroup: '/nowhere' });
  expect(reactorCount()).toBe(0);
});
