import fs from 'node:fs';
import { readProcess, type ProcessEntry } from '../../../lib/process/process-entry';
import { ProcessTree } from '../../../lib/process/process-tree';
import { native } from '../../../lib/native';
import { exactMemoryOf, memoryOf, ProcessPool } from '../../../lib/supervisor/containment/process-pool';
import { useStrays } from '../../support/containment';

const strays = useStrays();
afterEach(() => {
  jest.restoreAllMocks();
});

function entryOf(pid: number): ProcessEntry {
  const entry = readProcess(pid);
  if (entry === undefined) throw new Error('it is gone');
  return entry;
}
const treeOf = (): ProcessTree => new ProcessTree(entryOf(strays.start('sleep', ['600']).pid ?? 0));

/** Looks at all of /proc. */
function countLooks(): () => number {
  const readdir = jest.spyOn(fs, 'readdirSync');
  return () => readdir.mock.calls.filter(([path]) => path === '/proc').length;
}
function stopClock(): (ms: number) => void {
  let nowMs = 5000;
  jest.spyOn(performance, 'now').mockImplementation(() => nowMs);
  return (ms) => void (nowMs += ms);
}

it('a tree has its members as soon as it is in', () => {
  const tree = treeOf();
  new ProcessPool(100).add(tree);
  expect(tree.members).toHaveLength(1);
});

it('one look serves all for its time', () => {
  const pass = stopClock();
  const pool = new ProcessPool(100);
  const trees = [treeOf(), treeOf(), treeOf()];
  for (const tree of trees) pool.add(tree);
  const looks = countLooks();
  pool.look();
  pool.look();
  pass(99);
  pool.look();
  expect(looks()).toBe(1);
  pass(1);
  pool.look();
  pool.look(true);
  expect(looks()).toBe(3);
});

it('one that is taken out is not looked after any more', () => {
  const pool = new ProcessPool(0);
  const tree = treeOf();
  pool.add(tree);
  pool.delete(tree);
  const update = jest.spyOn(tree, 'update');
  pool.look(true);
  expect(update).not.toHaveBeenCalled();
});

it('a look that fails serves nobody, and the members stay', () => {
  const pool = new ProcessPool(100);
  const tree = treeOf();
  pool.add(tree);
  const looks = countLooks();
  jest.spyOn(fs, 'readdirSync').mockImplementationOnce(() => { throw new Error('EMFILE'); });
  expect(() => { pool.look(); }).toThrow('EMFILE');
  expect(tree.members).toHaveLength(1);
  pool.look();
  expect(looks()).toBe(2);
});

it.each([['cheap', memoryOf], ['exact', exactMemoryOf]])('%s: sums, and one that is gone counts nothing', (_what, measure) => {
  const mine = entryOf(process.pid);
  const before = measure([mine]).anonBytes;
  const both = measure([mine, mine, { ...mine, pid: 4_194_304 }]).anonBytes;
  const after = measure([mine]).anonBytes;
  expect(before).toBeGreaterThan(2 ** 20);
  // A collection may come in between.
  expect(both).toBeGreaterThan(1.5 * Math.min(before, after));
  expect(measure([])).toEqual({ anonBytes: 0, shmemBytes: 0, swapBytes: 0 });
});

it('one that may not be looked into exactly counts as well as can be', () => {
  const binding = native();
  const read = binding.readProcessesMemory.bind(binding);
  jest.spyOn(binding, 'readProcessesMemory').mockImplementation((pids, file, procRoot) =>
    file === 'smaps_rollup' ? new Float64Array(6 * pids.length).fill(NaN) : read(pids, file, procRoot),
  );
  expect(exactMemoryOf([entryOf(process.pid)]).anonBytes).toBeGreaterThan(2 ** 20);
});
