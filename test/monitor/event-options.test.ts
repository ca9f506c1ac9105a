import { resolve } from 'node:path';
import { SpillwayError } from '../../lib/errors';
import { EventMemoryMonitor } from '../../lib/monitor/event-memory-monitor';
import { quote } from '../../lib/options';
import { errorOf } from '../support/error-of';
import { reactorCount } from '../support/process-resources';

/** As a JavaScript user calls it: nothing is checked before. */
const construct = (options: unknown): EventMemoryMonitor => new EventMemoryMonitor(options as { cgroup: string });

const wrong: [name: string, values: unknown[]][] = [
  ['cgroup', [undefined, null, '', 7, true, {}, [], ['/a'], Buffer.from('/a'), new URL('file:///a'), 'a\0b', Symbol('a'), () => '/a', 1n]],
  ['scope', [null, '', 'Subtree', 'both', 1, {}, ['local'], Symbol('local')]],
  ['keys', [null, '', 'high', 7, {}, [], ['High'], ['high', 'HIGH'], ['high', undefined], [null], [['high']], new Set(['high']), new Array(1), ['__proto__']]],
  ['safetyReadMs', [null, '1000', '', NaN, Infinity, -Infinity, 0, 9, 9.999, 10.5, -1000, 3_600_001, 2 ** 53, 1000n, true, [1000], {}]],
  ['killBufferBytes', [null, '', 'max', Infinity, NaN, -1, 0.5, 2 ** 53, '1.5', '-1MiB', '1 mib', '1MB', '1e3', '0x10', ' 1', '1 ', true, 1n, {}, [1]]],
  ['keepAlive', [null, 0, 1, '', 'true', {}, []]],
];

describe.each(wrong)("a bad '%s'", (name, values) => {
  it.each(values.map((value) => [quote(value), value]))('%s is refused, and the message quotes it', (text, value) => {
    const error = errorOf(() => construct({ cgroup: '/c', [name]: value }));
    expect(error).toBeInstanceOf(SpillwayError);
    expect(error).toMatchObject({ name: 'SpillwayError', code: 'ERR_SPILLWAY_INVALID_OPTION' });
    expect((error as SpillwayError).message).toMatch(new RegExp(`^Expected option '${name}' to be .+, got .+$`));
    if (name !== 'keys') expect((error as SpillwayError).message).toContain(`got ${text}`);
  });
});

describe('good options', () => {
  it.each<[string, unknown[]]>([
    ['cgroup', ['/a', 'a', './a/', '/a\nb', '/ä']],
    ['scope', [undefined, 'subtree', 'local']],
    ['keys', [undefined, ['high'], ['low', 'high', 'max', 'oom', 'oom_kill', 'oom_group_kill'], ['high', 'high'], Object.freeze(['max'])]],
    ['safetyReadMs', [undefined, 10, 1000, 3_600_000]],
    ['killBufferBytes', [undefined, 0, 1, 2 ** 53 - 1, '0', '64MiB', '1.5 GiB']],
    ['keepAlive', [undefined, true, false]],
  ])("of '%s' are taken", (name, values) => {
    for (const value of values) expect(construct({ cgroup: '/c', [name]: value }).running).toBe(false);
  });

  it('make an absolute path of the cgroup, at construction', () => {
    expect(construct({ cgroup: 'pool/../pool/' }).cgroup).toBe(resolve('pool'));
    expect(construct({ cgroup: '/a/./b/' }).cgroup).toBe('/a/b');
  });

  it('are read once: the caller may reuse its objects', () => {
    const keys = ['high'];
    const options = { cgroup: '/a', keys };
    const monitor = construct(options);
    keys[0] = 'nonsense';
    options.cgroup = '/b';
    expect(monitor.cgroup).toBe('/a');
    expect(errorOf(() => monitor.start())).toMatchObject({ code: 'ERR_SPILLWAY_CGROUP_NOT_FOUND' });
  });

  it('may have no prototype', () => {
    expect(construct(Object.assign(Object.create(null) as object, { cgroup: '/a' })).cgroup).toBe('/a');
  });
});

describe('options as a whole', () => {
  it.each([[undefined], [null], ['/c'], [7], [[]], [['/c']], [() => '/c']])('%p are refused', (options) => {
    expect(errorOf(() => construct(options))).toMatchObject({
      code: 'ERR_SPILLWAY_INVALID_OPTION', message: expect.stringContaining('options of EventMemoryMonitor to be an object') as string,
    });
  });

  it.each([
    ['safetyReadMS', 'safetyReadMs'], ['SCOPE', 'scope'], ['key', 'keys'], ['keepAliveMs', 'keepAlive'], ['killBuffer', 'killBufferBytes'],
    ['safetyRead', 'safetyReadMs'], ['cgroupPath', 'cgroup'], ['saftyReadMs', 'safetyReadMs'], ['cgruop', 'cgroup'], ['keepalve', 'keepAlive'],
  ])("a misspelt '%s' is refused, with a hint at '%s'", (given, meant) => {
    expect(errorOf(() => construct({ cgroup: '/c', [given]: 1 }))).toMatchObject({
      code: 'ERR_SPILLWAY_INVALID_OPTION',
      message: `Unknown option "${given}" of EventMemoryMonitor; did you mean '${meant}'?`,
    });
  });

  it.each(['threshold', 'interval', '', 'path', '__proto__x', 'x'])("an unknown '%s' is refused, with the list of the known ones", (given) => {
    expect(errorOf(() => construct({ cgroup: '/c', [given]: 1 }))).toMatchObject({
      message: `Unknown option ${JSON.stringify(given)} of EventMemoryMonitor; known are cgroup, scope, keys, safetyReadMs, killBufferBytes, keepAlive`,
    });
  });
});

it('a monitor that is only constructed opens nothing', () => {
  construct({ cgroup: '/nowhere' });
  expect(reactorCount()).toBe(0);
});
