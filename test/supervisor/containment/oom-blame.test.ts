import { Cgroup } from '../../../lib/cgroup/cgroup';
import type { PoolTree } from '../../../lib/cgroup/pool-tree';
import type { MemoryCounters } from '../../../lib/monitor/types';
import { OomBlame } from '../../../lib/supervisor/containment/oom-blame';
import type { WorkerLeaf } from '../../../lib/supervisor/containment/worker-leaf';
import { eventsText, FixtureCgroup } from '../../support/fixture-cgroup';

let cgroups: Record<'pool' | 'g' | 'h', FixtureCgroup>;
let leaves: Set<WorkerLeaf>;
let blame: OomBlame;
/** `oom` of a limit itself. */
const setOoms = (of: keyof typeof cgroups, oom: number): void => void cgroups[of].write('memory.events.local', eventsText({ oom }));
const counters = (given: Partial<MemoryCounters> = {}): MemoryCounters => ({ low: 0, high: 0, max: 0, oom: 0, oom_kill: 0, oom_group_kill: 0, ...given });
beforeEach(() => {
  cgroups = { pool: new FixtureCgroup(), g: new FixtureCgroup(), h: new FixtureCgroup() };
  setOoms('pool', 3);
  setOoms('g', 4);
  setOoms('h', 5);
  leaves = new Set();
  const tree = { pool: new Cgroup(cgroups.pool.directory), group: (id: 'g' | 'h') => new Cgroup(cgroups[id].directory) } as unknown as PoolTree;
  blame = new OomBlame(tree, leaves);
  blame.addGroup('g');
  blame.addGroup('h');
});
afterEach(() => {
  for (const fixture of Object.values(cgroups)) fixture.remove();
});

/** One that is there, with what its counters say at a look. */
function leaf(group: 'g' | 'h', seen = counters(), wasKilled = false): WorkerLeaf {
  const made = { facts: { group }, wasKilled, counters: () => seen } as unknown as WorkerLeaf;
  leaves.add(made);
  return made;
}
const killed = counters({ oom_kill: 1 });
/** Its last figures are read, and then it is gone. */
function ask(of: WorkerLeaf, last = killed): unknown {
  const answer = blame.kernelKilledFor(of, last);
  leaves.delete(of);
  return answer;
}

it.each<[string, () => void, Partial<MemoryCounters>, string | undefined]>([
  ['no kill', () => { setOoms('g', 9); }, {}, undefined],
  ['at its own limit', () => { setOoms('g', 9); }, { oom: 1, oom_kill: 1 }, 'worker'],
  ["at its group's", () => { setOoms('g', 5); setOoms('pool', 4); }, { oom_kill: 1 }, 'group'],
  ["at another group's, which is not its own, but the pool's", () => { setOoms('h', 6); setOoms('pool', 4); }, { oom_kill: 1 }, 'pool'],
  ['at one above the pool', () => undefined, { oom_kill: 1 }, 'host'],
])('killed by the kernel %s', (_what, happen, last, expected) => {
  happen();
  expect(ask(leaf('g'), counters(last))).toBe(expected);
});

it('one oom of the pool answers for one victim; the next is the host’s', () => {
  const [a, b] = [leaf('g', killed), leaf('h', killed)];
  setOoms('pool', 4);
  expect([ask(a), ask(b)]).toEqual(['pool', 'host']);
});

it('two ooms of a group answer for two victims that end together', () => {
  const [a, b] = [leaf('g', killed), leaf('g', killed)];
  setOoms('g', 6);
  expect([ask(a), ask(b), ask(leaf('g'))]).toEqual(['group', 'group', 'host']);
});

it('those that died at their own limits wait for no oom from above', () => {
  const a = leaf('g', killed);
  leaf('g', counters({ oom: 1, oom_kill: 1 }));
  setOoms('g', 6);
  expect([ask(a), ask(leaf('g'))]).toEqual(['group', 'host']);
});

it('where Spillway was quicker, the oom needs no victim any more', () => {
  setOoms('g', 5);
  setOoms('pool', 4);
  expect(ask(leaf('g', counters(), true), counters())).toBeUndefined();
  expect(ask(leaf('g'))).toBe('host');
});

it('but it is kept while another victim waits', () => {
  const waiting = leaf('g', killed);
  setOoms('g', 5);
  ask(leaf('g', counters(), true), counters());
  expect(ask(waiting)).toBe('group');
});

it('the end of one that nobody has killed takes no oom away', () => {
  setOoms('g', 5);
  ask(leaf('g'), counters());
  expect(ask(leaf('g'))).toBe('group');
});

it('a group that was there keeps its count', () => {
  setOoms('g', 5);
  blame.addGroup('g');
  expect(ask(leaf('g'))).toBe('group');
});
