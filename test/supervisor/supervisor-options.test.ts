import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { checkOrder, parseSupervisorOptions, type SupervisorOptions } from '../../lib/supervisor/supervisor-options';
import { candidate, need } from '../policy/candidates';
import { errorOf } from '../support/error-of';

const GiB = 2 ** 30;
const parse = (options: unknown) => parseSupervisorOptions(options as SupervisorOptions);
const messageOf = (options: unknown): string => {
  const error = errorOf(() => parse(options)) as { code: string; message: string };
  expect(error.code).toBe('ERR_SPILLWAY_INVALID_OPTION');
  return error.message;
};

it('needs only a name', () => {
  const { policy, oomScoreAdj, clock, logger, ...settings } = parse({ name: 'pool' });
  expect(typeof logger.warn).toBe('function');
  expect(clock.now()).toBeCloseTo(performance.now(), -3);
  expect(policy.name).toBe('byStartTime');
  expect(oomScoreAdj).toBe(Math.max(500, Number(readFileSync('/proc/self/oom_score_adj', 'utf8'))));
  expect(settings).toEqual({
    name: 'pool', base: undefined, highBytes: undefined, maxBytes: Infinity, swapMaxBytes: 0, killBufferBytes: undefined, victimTimeoutMs: 2000, safetyReadMs: 1000,
    takeoverMs: 100, takeoverUnderInspector: false, reclaimBudgetMs: 50, dryRun: false,
    monitors: { pressure: undefined }, bounds: { mode: 'disabled', slopFactor: 0 },
    room: { levels: { reclaimAt: 0.9, slowAt: 0.95, warnAt: 0.95 }, intervalMs: 250, maxSpawnDelayMs: 1000 },
    reports: { history: 100, file: undefined, maxFileBytes: 16 * 2 ** 20, redact: undefined },
    require: 'none', leftovers: 'kill', moveOthers: false, force: false, pollMs: 250, graceMs: 0, closeOn: [],
  });
});

it('takes all that is allowed', () => {
  const limits = { highBytes: '1GiB', maxBytes: '2 GiB', swapMaxBytes: 'max' };
  const options = { name: 'A_b-9', cgroup: 'x/../y/', limits, killBufferBytes: 0, victimTimeoutMs: 1, safetyReadMs: 3_600_000 };
  const others = { require: 'kernel', leftovers: 'adopt', moveOthers: true, force: true, pollMs: 10, graceMs: 3_600_000, closeOn: ['SIGTERM', 'SIGINT'] };
  expect(parse({ name: 'p', ...others })).toMatchObject(others);
  expect(parse({ name: 'p', takeoverMs: Infinity, reclaimBudgetMs: 0, dryRun: true })).toMatchObject({ takeoverMs: Infinity, reclaimBudgetMs: 0, dryRun: true });
  expect(parse(options)).toMatchObject({
    name: 'A_b-9', base: resolve('y'), highBytes: GiB, maxBytes: 2 * GiB, swapMaxBytes: Infinity, killBufferBytes: 0, victimTimeoutMs: 1, safetyReadMs: 3_600_000,
  });
  expect(parse({ name: 'p', cgroup: 'auto', limits: {} })).toMatchObject({ base: undefined, highBytes: undefined });
  expect(parse({ name: 'p'.repeat(64), limits: { highBytes: 2 ** 53 - 1, maxBytes: Infinity } })).toMatchObject({ highBytes: 2 ** 53 - 1 });
});

it.each<[string, unknown, string]>([
  ['options', undefined, 'Expected the options of Supervisor to be an object, got undefined'],
  ['options', 'pool', 'got "pool"'],
  ['unknown', { name: 'p', limit: {} }, "did you mean 'limits'?"],
  ['unknown', { name: 'p', victimTimeoutMS: 1 }, "did you mean 'victimTimeoutMs'?"],
  ['unknown', { name: 'p', weight: 1 }, 'known are name, cgroup, limits'],
  ['limits', { name: 'p', limits: { max: 1 } }, "did you mean 'maxBytes'?"],
  ['limits', { name: 'p', limits: null }, "Expected the options of a supervisor's limits to be an object, got null"],
  ...[undefined, null, 7, '', '.', '..', 'a/b', '/a', 'a\0', 'a\n', 'a b', 'a.b', 'ä', 'p'.repeat(65), {}, ['p']].map((name): [string, unknown, string] => [
    'name', { name }, "Expected option 'name' to be a name of 1 to 64 letters, digits, '_' or '-'",
  ]),
  ['name', { name: 'supervisor' }, "another name than 'supervisor', which is the supervisor's own cgroup"],
  ...['', 'a\0b', 7, null, {}].map((cgroup): [string, unknown, string] => ['cgroup', { name: 'p', cgroup }, "Expected option 'cgroup' to be a path"]),
  ...['highBytes', 'maxBytes'].flatMap((key) =>
    [0, -1, 0.5, NaN, 2 ** 53, '0', '1GB', '', null, 1n].map((value): [string, unknown, string] => [
      `limits.${key}`, { name: 'p', limits: { [key]: value } }, `Expected option 'limits.${key}' to be a number of bytes from 1`,
    ]),
  ),
  ['limits.highBytes', { name: 'p', limits: { highBytes: 'max' } }, 'Expected option \'limits.highBytes\''],
  ['limits.swapMaxBytes', { name: 'p', limits: { swapMaxBytes: -1 } }, "Expected option 'limits.swapMaxBytes'"],
  ['order', { name: 'p', limits: { highBytes: 2, maxBytes: 1 } }, 'Expected limits.highBytes (2) to be below limits.maxBytes (1): the kernel would kill'],
  ['order', { name: 'p', limits: { highBytes: 10 }, killBufferBytes: 10 }, "Expected option 'killBufferBytes' to be less than limits.highBytes (10), got 10"],
  ...[-1, 'max', 0.5, null].map((value): [string, unknown, string] => ['killBufferBytes', { name: 'p', killBufferBytes: value }, "Expected option 'killBufferBytes'"]),
  ...[0, 600_001, 1.5, '5', NaN, Infinity, null].map((value): [string, unknown, string] => ['victimTimeoutMs', { name: 'p', victimTimeoutMs: value }, 'from 1 to 600000']),
  ...[9, 3_600_001, 10.5, '10', null].map((value): [string, unknown, string] => ['safetyReadMs', { name: 'p', safetyReadMs: value }, 'from 10 to 3600000']),
  ...[9, 3_600_001, 10.5, '10', null].map((value): [string, unknown, string] => ['pollMs', { name: 'p', pollMs: value }, 'from 10 to 3600000']),
  ...[-1, 3_600_001, 0.5, '0', null].map((value): [string, unknown, string] => ['graceMs', { name: 'p', graceMs: value }, 'from 0 to 3600000']),
  ...['all', 'Kernel', '', true, null].map((value): [string, unknown, string] => ['require', { name: 'p', require: value }, "to be 'none' or 'polling' or 'kernel'"]),
  ...['keep', true, null].map((value): [string, unknown, string] => ['leftovers', { name: 'p', leftovers: value }, "to be 'kill' or 'adopt'"]),
  ...['moveOthers', 'force'].flatMap((key) => [1, 'true', null].map((value): [string, unknown, string] => [key, { name: 'p', [key]: value }, `'${key}' to be true or false`])),
  ...['SIGTERM', null, true, { 0: 'SIGTERM' }].map((value): [string, unknown, string] => ['closeOn', { name: 'p', closeOn: value }, "'closeOn' to be a list of signals"]),
  ...['SIGKILL', 'SIGSTOP', 'SIGNOT', 'sigterm', 15, null, 'toString'].map((value): [string, unknown, string] => [
    'closeOn', { name: 'p', closeOn: ['SIGINT', value] }, "'closeOn' to be a signal that can be handled",
  ]),
  ['closeOn', { name: 'p', closeOn: new Array(1) }, 'a signal that can be handled'],
  ...[null, 'byStartTime', {}, { name: 'x' }, { name: 7, rank: () => [] }, { rank: () => [] }, () => []].map((policy): [string, unknown, string] => [
    'policy', { name: 'p', policy }, "Expected option 'policy' to be an object with a name and a rank function",
  ]),
])('refuses a bad %s: %j', (_name, options, message) => {
  expect(messageOf(options)).toContain(message);
});

it('refuses equal limits, and takes a kill buffer just below the mark', () => {
  expect(messageOf({ name: 'p', limits: { highBytes: 10, maxBytes: 10 } })).toContain('to be below limits.maxBytes (10)');
  expect(parse({ name: 'p', limits: { highBytes: 10, maxBytes: 11 }, killBufferBytes: 9 })).toMatchObject({ highBytes: 10, maxBytes: 11, killBufferBytes: 9 });
});

it('a kill buffer is also checked against a mark that is found out later', () => {
  const settings = parse({ name: 'p', killBufferBytes: 100 });
  checkOrder({ ...settings, highBytes: 101 });
  expect(errorOf(() => { checkOrder({ ...settings, highBytes: 100 }); })).toMatchObject({ code: 'ERR_SPILLWAY_INVALID_OPTION' });
});

it('lets a getter throw its own error', () => {
  expect(errorOf(() => parse({ get name() { throw new RangeError('mine'); } }))).toEqual(new RangeError('mine'));
  expect(errorOf(() => parse({ name: 'p', policy: { get rank() { throw new RangeError('mine'); } } }))).toEqual(new RangeError('mine'));
});

it('a policy keeps its this, and its name of now', () => {
  class Mine {
    name = 'first';
    order = ['x'];
    rank() {
      return this.order.map((id) => ({ id, reason: 'mine' }));
    }
  }
  const mine = new Mine();
  const { policy } = parse({ name: 'p', policy: mine });
  mine.name = 'second';
  expect(policy.name).toBe('first');
  expect(policy.rank([candidate('x')], need(1))).toEqual([{ id: 'x', reason: 'mine' }]);
});

/** What has functions cannot be cloned. */
const functions = { policy: undefined, clock: undefined, logger: undefined, reports: undefined };

it('never takes what it cannot hand on: any value for any option', () => {
  const names = ['name', 'cgroup', 'limits', 'policy', 'killBufferBytes', 'victimTimeoutMs', 'safetyReadMs', 'require', 'leftovers', 'moveOthers', 'force', 'pollMs', 'graceMs', 'closeOn', 'takeoverMs', 'reclaimBudgetMs', 'dryRun', 'takeoverUnderInspector', 'levels', 'roomMs', 'maxSpawnDelayMs', 'clock'];
  fc.assert(
    fc.property(fc.constantFrom(...names), fc.anything(), (name, value) => {
      try {
        const settings = parse({ name: 'p', [name]: value });
        expect(settings.name).toMatch(/^[\w-]{1,64}$/);
        expect([settings.victimTimeoutMs, settings.safetyReadMs, settings.pollMs, settings.graceMs].every(Number.isInteger)).toBe(true);
        expect(structuredClone({ ...settings, ...functions })).toEqual({ ...settings, ...functions });
      } catch (error) {
        expect(error).toMatchObject({ code: 'ERR_SPILLWAY_INVALID_OPTION' });
      }
    }),
  );
});
