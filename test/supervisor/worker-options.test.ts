import fc from 'fast-check';
import { parseWorkerOptions, parseWorkerUpdate, type WorkerOptions, type WorkerUpdate } from '../../lib/supervisor/worker-options';
import { errorOf } from '../support/error-of';

const MiB = 2 ** 20;
const defaults = { id: 'w7', oomScoreAdj: 500 };
const parse = (options: unknown) => parseWorkerOptions(options as WorkerOptions, defaults);
const update = (options: unknown) => parseWorkerUpdate(options as WorkerUpdate);
const messageOf = (action: () => unknown): string => {
  const error = errorOf(action) as { code: string; message: string };
  expect(error.code).toBe('ERR_SPILLWAY_INVALID_OPTION');
  return error.message;
};

it('has a default for everything', () => {
  expect(parse({})).toEqual({
    id: 'w7', owner: undefined, retriable: false, kind: 'task', priority: undefined, attempt: 0, labels: undefined,
    group: 'default', memory: {}, pidsMax: undefined, cpuWeight: undefined, oomScoreAdj: 500, shed: 'none', shedMs: 100, graceMs: 0,
  });
});

it('takes all that is allowed', () => {
  const given = {
    id: 'x'.repeat(256), owner: 'Zoë / 世界', retriable: true, kind: 'service', priority: -0.5, attempt: 2 ** 53 - 1, labels: { a: 'b', '': '' },
    group: 'Tenant_7-b', memory: { minBytes: 0, lowBytes: 0, highBytes: '1.5MiB', maxBytes: 'max' }, pidsMax: 4_194_304, cpuWeight: 1, oomScoreAdj: -1000, shed: 'signal', shedMs: 60_000, graceMs: 3_600_000,
  };
  expect(parse(given)).toEqual({ ...given, memory: { minBytes: 0, lowBytes: 0, highBytes: 1.5 * MiB, maxBytes: Infinity } });
});

it.each<[string, unknown, string]>([
  ['options', null, "Expected the options of a worker to be an object, got null"],
  ['options', ['id'], 'got an array'],
  ['unknown', { idd: 'x' }, "Unknown option \"idd\" of a worker; did you mean 'id'?"],
  ['unknown', { Retriable: true }, "did you mean 'retriable'?"],
  ['unknown', { weight: 1 }, "did you mean 'cpuWeight'?"],
  ['unknown', { colour: 1 }, 'known are id, owner, retriable'],
  ['memory', { memory: null }, "Expected the options of a worker's memory to be an object, got null"],
  ['memory', { memory: { high: 1 } }, "did you mean 'highBytes'?"],
  ...['', 'x'.repeat(257), 'a\nb', 'a\0', 'a\x7f', '\u202Eabc', 'a\u2028b', '\ud800', 7, null, {}].flatMap((text): [string, unknown, string][] => [
    ['id', { id: text }, "Expected option 'id' to be text of 1 to 256 characters"],
    ['owner', { owner: text }, "Expected option 'owner' to be text of 1 to 256 characters"],
  ]),
  ...[1, 'true', null].map((value): [string, unknown, string] => ['retriable', { retriable: value }, 'to be true or false']),
  ...['job', 'Task', null].map((value): [string, unknown, string] => ['kind', { kind: value }, "to be 'task' or 'service'"]),
  ...[NaN, Infinity, -Infinity, '1', 1n, null].map((value): [string, unknown, string] => ['priority', { priority: value }, 'to be a number from']),
  ...[-1, 0.5, NaN, 2 ** 53, '0', null].map((value): [string, unknown, string] => ['attempt', { attempt: value }, 'to be a whole number from 0']),
  ...[-1001, 1001, 0.5, NaN, '5', null].map((value): [string, unknown, string] => ['oomScoreAdj', { oomScoreAdj: value }, 'a whole number from -1000 to 1000']),
  ...[null, 'a=b', ['a'], new Map([['a', 'b']]), () => 0].map((value): [string, unknown, string] => ['labels', { labels: value }, 'an object with strings as values']),
  ['labels', { labels: { 'a\nb': 1 } }, "Expected option 'labels[\"a\\nb\"]' to be a string, got 1"],
  ...[-1, 0.5, NaN, 2 ** 53, '1MB', '1e3', '-1', '', null, 1n].map((value): [string, unknown, string] => [
    'memory.maxBytes', { memory: { maxBytes: value } }, "Expected option 'memory.maxBytes' to be a number of bytes from 1",
  ]),
  ...['', '.', '..', 'a/b', 'a b', 'a.b', 'ä', 'p'.repeat(65), 'a\0', 7, null, {}].map((group): [string, unknown, string] => [
    'group', { group }, "Expected option 'group' to be a name of 1 to 64 letters, digits, '_' or '-'",
  ]),
  ...[0, 4_194_305, 1.5, NaN, Infinity, 'max', null].map((value): [string, unknown, string] => ['pidsMax', { pidsMax: value }, 'a whole number from 1 to 4194304']),
  ...[0, 10_001, 1.5, NaN, '100', null].map((value): [string, unknown, string] => ['cpuWeight', { cpuWeight: value }, 'a whole number from 1 to 10000']),
  ['memory order', { memory: { minBytes: 2, lowBytes: 1 } }, 'minBytes <= lowBytes <= highBytes <= maxBytes'],
  ['memory order', { memory: { minBytes: 2, maxBytes: 1 } }, 'minBytes <= lowBytes <= highBytes <= maxBytes'],
  ['memory order', { memory: { lowBytes: 2, maxBytes: 1 } }, 'lowBytes <= highBytes <= maxBytes'],
  ['memory order', { memory: { lowBytes: 2, highBytes: 1 } }, 'lowBytes <= highBytes <= maxBytes'],
  ['memory order', { memory: { highBytes: 2, maxBytes: 1 } }, 'lowBytes <= highBytes <= maxBytes'],
  ['memory order', { memory: { highBytes: 'max', maxBytes: 1 } }, 'lowBytes <= highBytes <= maxBytes'],
])('refuses a bad %s: %j', (_name, options, message) => {
  expect(messageOf(() => parse(options))).toContain(message);
});

it('lets a getter throw its own error', () => {
  expect(errorOf(() => parse({ get id() { throw new RangeError('mine'); } }))).toEqual(new RangeError('mine'));
  expect(errorOf(() => parse({ labels: { get a() { throw new RangeError('mine'); } } }))).toEqual(new RangeError('mine'));
});

it('reads each label once, so that it cannot change after it was checked', () => {
  let reads = 0;
  const labels = { get a() { return ++reads === 1 ? 'text' : 7; } };
  expect(parse({ labels }).labels).toEqual({ a: 'text' });
});

it('a label __proto__ is a label, and changes no prototype', () => {
  const labels = parse({ labels: JSON.parse('{"__proto__":"x","constructor":"y"}') as unknown }).labels ?? {};
  expect(Object.keys(labels)).toEqual(['__proto__', 'constructor']);
  expect(Object.getPrototypeOf(labels)).toBe(Object.prototype);
  expect(parse({ labels: Object.create({ inherited: 'x' }) as unknown }).labels).toEqual({});
  expect(messageOf(() => parse({ labels: JSON.parse('{"__proto__":{"polluted":"x"}}') as unknown }))).toContain('to be a string, got an object');
  expect({}).not.toHaveProperty('polluted');
});

it('keeps no hold of the given labels', () => {
  const labels = { a: 'b' };
  const parsed = parse({ labels });
  labels.a = 'c';
  expect(parsed.labels).toEqual({ a: 'b' });
});

describe('an update', () => {
  it('of nothing is nothing', () => {
    expect(update({})).toEqual({});
    expect(Object.keys(update({ idle: undefined, retriable: undefined, priority: undefined, labels: undefined }))).toEqual([]);
  });

  it('gives back what was checked, not the object that was given', () => {
    const given = { idle: true, retriable: false, priority: 0, labels: { a: 'b' } };
    const parsed = update(given);
    expect(parsed).toEqual(given);
    expect(parsed).not.toBe(given);
    expect(parsed.labels).not.toBe(given.labels);
  });

  it.each<[unknown, string]>([
    [null, 'Expected the options of update()'],
    [{ id: 'x' }, "Unknown option \"id\" of update()"],
    [{ idle: 1 }, "Expected option 'idle' to be true or false, got 1"],
    [{ retriable: 'yes' }, "Expected option 'retriable'"],
    [{ priority: NaN }, "Expected option 'priority'"],
    [{ labels: { a: 1 } }, 'to be a string, got 1'],
  ])('%j is refused', (options, message) => {
    expect(messageOf(() => update(options))).toContain(message);
  });
});

it('never takes what it cannot hand on: any value for any option', () => {
  const names = ['id', 'owner', 'retriable', 'kind', 'priority', 'attempt', 'labels', 'group', 'memory', 'pidsMax', 'cpuWeight', 'oomScoreAdj'];
  fc.assert(
    fc.property(fc.constantFrom(...names), fc.anything(), (name, value) => {
      try {
        const facts = parse({ [name]: value });
        expect(facts.id).toMatch(/^.{1,512}$/);
        expect(structuredClone(facts)).toEqual(facts);
        expect([facts.attempt, facts.oomScoreAdj].every(Number.isInteger)).toBe(true);
      } catch (error) {
        expect(error).toMatchObject({ code: 'ERR_SPILLWAY_INVALID_OPTION' });
      }
    }),
  );
});
