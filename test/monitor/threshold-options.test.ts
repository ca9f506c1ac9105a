import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { SpillwayError } from '../../lib/errors';
import { ThresholdMemoryMonitor } from '../../lib/monitor/threshold-memory-monitor';
import { quote } from '../../lib/options';
import { errorOf } from '../support/error-of';
import { reactorCount } from '../support/process-resources';
import { stubThreshold } from '../support/stub-threshold';

afterEach(() => {
  jest.restoreAllMocks();
});

/** As a JavaScript user calls it: nothing is checked before. */
const construct = (options?: unknown): ThresholdMemoryMonitor => new ThresholdMemoryMonitor(options as object);

const notBytes = [null, '', 'much', NaN, Infinity, -1, 0.5, true, {}, [], 1n, '1.5', 'max'];
const notMs = [null, '250', '', NaN, Infinity, -Infinity, 0, 9, 10.5, -250, 3_600_001, 250n, true, {}];

const wrong: [name: string, values: unknown[]][] = [
  ['cgroup', [null, '', 7, true, {}, [], ['/a'], Buffer.from('/a'), new URL('file:///a'), 'a\0b', Symbol('a'), () => '/a', 1n]],
  ['fraction', [null, '0.95', '', NaN, Infinity, -Infinity, -0.001, 1.001, 95, 1n, true, {}, [0.5]]],
  ['minFreeBytes', notBytes],
  ['killBufferBytes', notBytes],
  ['basis', [null, '', 'Pinned', 'rss', 1, {}, ['pinned'], Symbol('pinned')]],
  ['includeSwap', [null, 0, 1, '', 'true', {}, []]],
  ['intervalMs', notMs],
  ['growthBytesPerSecond', [...notBytes, 0]],
  ['repeatMs', notMs],
  ['keepAlive', [null, 0, 1, '', 'true', {}, []]],
];

describe.each(wrong)("a bad '%s'", (name, values) => {
  it.each(values.map((value) => [quote(value), value]))('%s is refused, and the message quotes it', (text, value) => {
    const error = errorOf(() => construct({ cgroup: '/a', [name]: value }));
    expect(error).toBeInstanceOf(SpillwayError);
    expect(error).toMatchObject({ name: 'SpillwayError', code: 'ERR_SPILLWAY_INVALID_OPTION' });
    expect((error as SpillwayError).message).toMatch(new RegExp(`^Expected option '${name}' to be .+, got .+$`));
    expect((error as SpillwayError).message).toContain(`got ${text}`);
  });
});

describe('good options', () => {
  it.each<[string, unknown[]]>([
    ['cgroup', [undefined, '/a', 'a', './a/', '/a\nb', '/ä']],
    ['fraction', [undefined, 0, -0, 0.0001, 0.5, 0.95, 1]],
    ['minFreeBytes', [undefined, 0, 1, '512MiB', '1.5GiB', Number.MAX_SAFE_INTEGER]],
    ['killBufferBytes', [undefined, 0, '16MiB']],
    ['basis', [undefined, 'pinned', 'working-set', 'anon-shmem', 'current', 'host']],
    ['includeSwap', [undefined, true, false]],
    ['intervalMs', [undefined, 10, 250, 3_600_000]],
    ['growthBytesPerSecond', [undefined, 1, '1GiB']],
    ['repeatMs', [undefined, 10, 1000, 3_600_000]],
    ['keepAlive', [undefined, true, false]],
  ])("of '%s' are taken", (name, values) => {
    for (const value of values) expect(construct({ cgroup: '/a', [name]: value }).running).toBe(false);
  });

  it('are not needed at all', () => {
    expect(construct().cgroup).toBe('the host');
    expect(construct({}).state).toBe('stopped');
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

  it('reach the native core as finished values', () => {
    const core = stubThreshold();
    construct({ basis: 'host', fraction: 0.5, minFreeBytes: '1KiB', killBufferBytes: 7, includeSwap: true, intervalMs: 50, growthBytesPerSecond: '1MiB', repeatMs: 1000, keepAlive: true }).start();
    expect(core.options()).toEqual({
      place: { kind: 'host' }, basis: 'host', fraction: 0.5, minFreeBytes: 1024, killBufferBytes: 7, includeSwap: true, intervalMs: 50, growthBytesPerSecond: 2 ** 20, repeatMs: 1000, keepAlive: true,
    });
  });

  it('have the defaults that are documented', () => {
    const core = stubThreshold();
    construct().start();
    expect(core.options()).toEqual({
      place: { kind: 'host' }, basis: 'host', fraction: 0.95, minFreeBytes: undefined, killBufferBytes: undefined, includeSwap: false, intervalMs: 250, growthBytesPerSecond: Math.max(4, 2 * availableParallelism()) * 2 ** 30, repeatMs: undefined, keepAlive: false,
    });
  });
});

describe("a basis that only a cgroup has", () => {
  it.each(['pinned', 'working-set', 'anon-shmem', 'current'])('%s is refused without one', (basis) => {
    expect(errorOf(() => construct({ basis }))).toMatchObject({
      code: 'ERR_SPILLWAY_INVALID_OPTION', message: expect.stringContaining("'host' without the option 'cgroup'") as string,
    });
  });
});

describe('options as a whole', () => {
  it.each([[null], ['/c'], [7], [[]], [['/c']], [() => '/c']])('%p are refused', (options) => {
    expect(errorOf(() => construct(options))).toMatchObject({
      code: 'ERR_SPILLWAY_INVALID_OPTION', message: expect.stringContaining('options of ThresholdMemoryMonitor to be an object') as string,
    });
  });

  it.each([['fractoin', 'fraction'], ['minFree', 'minFreeBytes'], ['interval', 'intervalMs'], ['cgruop', 'cgroup'], ['killBuffer', 'killBufferBytes'], ['includeswap', 'includeSwap']])(
    "a misspelt '%s' is refused, with a hint at '%s'",
    (given, meant) => {
      expect(errorOf(() => construct({ [given]: 1 }))).toMatchObject({
        code: 'ERR_SPILLWAY_INVALID_OPTION', message: `Unknown option "${given}" of ThresholdMemoryMonitor; did you mean '${meant}'?`,
      });
    },
  );
});

it('a monitor that is only constructed opens nothing', () => {
  construct({ cgroup: '/nowhere' });
  expect(reactorCount()).toBe(0);
});
