import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { Cgroup } from '../../../lib/cgroup/cgroup';
import { cgroupError } from '../../../lib/cgroup/cgroup-error';
import { takeProcesses } from '../../../lib/supervisor/containment/take-processes';
import { lines, useStrays } from '../../support/containment';
import { useFixtureHierarchy } from '../../support/fixture-pool';

const hierarchy = useFixtureHierarchy();
const strays = useStrays();
let leaf: Cgroup;
beforeEach(() => {
  leaf = new Cgroup(join(hierarchy.base, 'leaf'));
  leaf.create();
});
afterEach(() => {
  for (const pid of others.splice(0)) process.kill(pid, 'SIGKILL');
});
const others: number[] = [];

/** A process and its child. */
async function family(): Promise<[main: number, child: number]> {
  const main = strays.start('sh', ['-c', 'sleep 600 & echo $!; wait'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [child = 0] = (await lines(main.stdout, 1)).map(Number);
  others.push(child);
  return [main.pid ?? 0, child];
}
const scoreOf = (pid: number): number => Number(readFileSync(`/proc/${pid}/oom_score_adj`, 'utf8'));

/** The kernel's answer to the move of one process, so many times. Returns how many moves were tried. */
function refuse(pid: number, code: 'EPERM' | 'ESRCH', times = Infinity): () => number {
  // Not of the prototype: that is the fixture's.
  const write = leaf.write.bind(leaf);
  let tries = 0;
  let left = times;
  leaf.write = (file, value) => {
    tries++;
    if (value !== String(pid) || left-- <= 0) write(file, value);
    else throw cgroupError(leaf.directory, { errno: constants.errno[code], syscall: 'write', file }, 'move a process into');
  };
  return () => tries;
}

it('takes a process with its descendants, for the kernel to prefer', async () => {
  const pids = await family();
  expect(takeProcesses(pids[0], leaf, 777)).toEqual([]);
  expect(leaf.processes()).toEqual(pids);
  expect(pids.map(scoreOf)).toEqual([777, 777]);
});

it('what is in already stays as it is', async () => {
  const [main, child] = await family();
  leaf.write('cgroup.procs', String(main));
  const before = scoreOf(main);
  expect(takeProcesses(main, leaf, 777)).toEqual([]);
  expect([scoreOf(main), scoreOf(child)]).toEqual([before, 777]);
});

it('a process that is gone is taken by doing nothing', async () => {
  const child = strays.start('true');
  await once(child, 'exit');
  expect(takeProcesses(child.pid ?? 0, leaf, 777)).toEqual([]);
  expect(leaf.processes()).toEqual([]);
});

it('throws when the process itself cannot be moved', async () => {
  const [main] = await family();
  refuse(main, 'EPERM');
  expect(() => takeProcesses(main, leaf, 777)).toThrow(expect.objectContaining({ code: 'ERR_SPILLWAY_PERMISSION' }) as Error);
});

it('returns the descendants that cannot be moved, and leaves their preference alone', async () => {
  const [main, child] = await family();
  const before = scoreOf(child);
  const tries = refuse(child, 'EPERM');
  expect(takeProcesses(main, leaf, 777)).toEqual([child]);
  expect([leaf.processes(), scoreOf(child)]).toEqual([[main], before]);
  expect(tries()).toBeLessThanOrEqual(4);
});

it('one that ends just before its move is no failure', async () => {
  const [main, child] = await family();
  refuse(child, 'ESRCH', 1);
  expect(takeProcesses(main, leaf, 777)).toEqual([]);
  expect(leaf.processes().sort()).toEqual([main, child].sort());
});

it('gives up on processes that come faster than they are taken', async () => {
  const [main, child] = await family();
  const tries = refuse(child, 'ESRCH');
  expect(takeProcesses(main, leaf, 777)).toEqual([child]);
  expect(tries()).toBeLessThan(100);
});
