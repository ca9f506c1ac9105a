import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Cgroup } from '../../../lib/cgroup/cgroup';
import { native } from '../../../lib/native';
import { readProcess } from '../../../lib/process/process-entry';
import { readRecord, writeRecord } from '../../../lib/supervisor/containment/leaf-record';
import { factsOf, useStrays } from '../../support/containment';
import { useFixtureHierarchy } from '../../support/fixture-pool';

const hierarchy = useFixtureHierarchy();
const strays = useStrays();
const defaults = { id: 'leaf-7', group: 'tenant', oomScoreAdj: 500 };
const plain = factsOf({ id: 'leaf-7', group: 'tenant' });
let leaf: Cgroup;
/** What is written to the attribute. */
let text: unknown;
beforeEach(() => {
  leaf = new Cgroup(join(hierarchy.base, 'leaf'));
  leaf.create();
  text = undefined;
  jest.spyOn(native(), 'readAttribute').mockImplementation(() => text as string | undefined);
  jest.spyOn(native(), 'writeAttribute').mockImplementation((_path, _name, value) => void (text = value));
});

const hold = (...pids: number[]): void => {
  writeFileSync(join(leaf.directory, 'cgroup.procs'), pids.map((pid) => `${pid}\n`).join(''));
};
const sleeper = (): number => strays.start('sleep', ['600']).pid ?? 0;

it('gives back what was written, limits without end too', () => {
  const pids = [sleeper(), sleeper()] as const;
  hold(...pids);
  const facts = factsOf({
    id: 'me/é', group: 'tenant', owner: 'o', retriable: true, kind: 'service', priority: -1.5, attempt: 3, labels: { __proto__: 'x', a: 'b' },
    memory: { lowBytes: 1, highBytes: 'max', maxBytes: 'max' }, pidsMax: 4, cpuWeight: 5, oomScoreAdj: -7,
  });
  writeRecord(leaf, facts, pids[1]);
  expect(readRecord(leaf, defaults)).toEqual({ facts, pid: pids[1] });
});

it('its group is the one that it stands in', () => {
  writeRecord(leaf, factsOf({ id: 'x', group: 'other' }), process.pid);
  expect(readRecord(leaf, defaults).facts).toMatchObject({ id: 'x', group: 'tenant' });
});

it('nothing is written for a process that is gone', () => {
  writeRecord(leaf, plain, 4_194_304);
  expect(text).toBeUndefined();
});

it('what the kernel refuses (it is too large, or there is no room) is no error', () => {
  jest.spyOn(native(), 'writeAttribute').mockReturnValue({ errno: 28, syscall: 'setxattr', file: '' });
  writeRecord(leaf, factsOf({ labels: { long: 'x'.repeat(1e6) } }), process.pid);
});

describe('the main process', () => {
  it.each<[string, (mine: number, startTime: number) => object]>([
    ['of another leaf', () => ({ pid: process.pid, startTime: readProcess(process.pid)?.startTime })],
    ['whose number another process has', (mine, startTime) => ({ pid: mine, startTime: startTime - 1 })],
    ['without a start time', (mine) => ({ pid: mine })],
    ['that is no number', (mine) => ({ pid: String(mine) })],
    ['that is none', () => ({ pid: -1, startTime: 1 })],
    ['init', () => ({ pid: 1, startTime: readProcess(1)?.startTime })],
  ])('%s is not believed', (_what, forge) => {
    const first = sleeper();
    const second = sleeper();
    hold(first, second);
    text = JSON.stringify({ version: 1, facts: plain, ...forge(second, readProcess(second)?.startTime ?? 0) });
    expect(readRecord(leaf, defaults).pid).toBe(first);
  });

  it('of an empty leaf is none', () => {
    expect(readRecord(leaf, defaults)).toEqual({ facts: plain, pid: 0 });
  });
});

describe('hostile records', () => {
  it.each<[string, unknown]>([
    ['none', undefined],
    ['one that cannot be read', { errno: 5, syscall: 'getxattr', file: '' }],
    ['empty', ''],
    ['cut off', '{"version":1,"facts":{"id":"x'],
    ['no object', '7'],
    ['null', 'null'],
    ['an array', '[1,2]'],
    ['nested deeper than any stack', '['.repeat(60_000)],
    ['with control characters', '\u0000\u001b[2J'],
    ['without a pid', JSON.stringify({ facts: { id: 'forged' } })],
    ...[null, 7, 'text', [], ['id'], { id: 7 }, { id: '' }, { id: 'a\nb' }, { id: 'x'.repeat(60_000) }, { colour: 'red' }, { memory: { highBytes: -1 } }, { memory: 'all' },
      { labels: { a: 1 } }, { oomScoreAdj: -1001 }, { group: '../..' }, { retriable: 'yes' }, { priority: '1e999' }, { attempt: -1 },
      { memory: { lowBytes: 2, highBytes: 1 } }].map((facts): [string, unknown] => [
      `of ${JSON.stringify(facts).slice(0, 40)}`, JSON.stringify({ version: 1, pid: process.pid, startTime: 1, facts }),
    ]),
  ])('%s: the worker has its defaults', (_what, value) => {
    text = value;
    expect(readRecord(leaf, defaults).facts).toEqual(plain);
  });

  it('a key __proto__ changes no prototype, and nothing is inherited', () => {
    text = '{"pid":7,"startTime":1,"facts":{"__proto__":{"id":"forged"},"labels":{"__proto__":"x"}},"__proto__":{"polluted":true}}';
    expect(readRecord(leaf, defaults).facts.id).toBe('leaf-7');
    expect({}).not.toHaveProperty('polluted');
  });

  it('of the largest size that the kernel keeps is read like any other', () => {
    const labels = Object.fromEntries(Array.from({ length: 4000 }, (_, count) => [`label${count}`, 'x']));
    text = JSON.stringify({ version: 1, facts: { id: 'big', labels }, pid: 7, startTime: 1 });
    expect(readRecord(leaf, defaults).facts).toMatchObject({ id: 'big', labels: { label3999: 'x' } });
  });
});
