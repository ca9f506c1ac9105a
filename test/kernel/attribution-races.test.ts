import { trials } from '../support/trials';
import { findLeaf, leaper, taking } from './support/leap';
import { MiB } from './support/program';
import { useSupervisors, type Supervised } from './support/supervisors';
import { TestCgroup, until } from './support/test-cgroup';

const { create, make } = useSupervisors();

const rounds = trials(4, 20);
const killed = { code: null, signal: 'SIGKILL', cause: 'kernel-oom' };

function expectNoneLost({ pool, exits }: Supervised): void {
  // Not oom_group_kill, which the kernel counts when the first of the processes may have ended already.
  expect(exits.reduce((sum, { counters }) => sum + (counters?.oom_kill ?? NaN), 0)).toBe(pool.counter('oom_kill'));
}

/** A group's memory.max that only the kernel acts on, so that it is the first for sure. */
async function limitUnwatched({ supervisor, pool }: Supervised, maxBytes: number | 'max'): Promise<void> {
  await supervisor.group('tenant');
  new TestCgroup(`${pool.directory}/tenant`).write('memory.max', maxBytes);
}

test('killed by the kernel in the very moment of removal: no counter is lost', async () => {
  const pool = await create();

  for (let round = 0; round < 3 * rounds; round++) {
    // The main process ends at about the time at which the others meet the limit, and Spillway comes for them.
    const script = `${taking(200)} & ${taking(200)} & for i in $(seq ${round * 40}); do :; done; exit 7`;
    const { worker } = await pool.run('sh', ['-c', script], { memory: { maxBytes: 16 * MiB } });
    const exit = await worker.exited;

    if (exit.cause === 'exit') expect(exit).toMatchObject({ code: 7, retryHint: 'no' });
    else expect(exit).toMatchObject({ ...killed, blame: 'own-limit', retryHint: 'bigger' });
    expect(exit.counters).toBeDefined();
  }
  expectNoneLost(pool);
});

test('killed by the kernel and by its owner at the same time: it is one of the two, and no counter is lost', async () => {
  const pool = await create();

  for (let round = 0; round < 2 * rounds; round++) {
    const { worker, tell, leaf } = await leaper(pool, { memory: { maxBytes: 16 * MiB } });
    tell('go');
    await until('it to have taken some', () => !leaf.exists || leaf.number('memory.current') > (1 + round) * MiB);
    worker.kill();
    const exit = await worker.exited;

    expect(exit).toMatchObject({ code: null, signal: 'SIGKILL' });
    expect(['signal', 'kernel-oom']).toContain(exit.cause);
    expect(exit.cause === 'kernel-oom').toBe((exit.counters?.oom_kill ?? NaN) > 0);
    expect(exit.blame).toBe(exit.cause === 'kernel-oom' ? 'own-limit' : undefined);
  }
  expectNoneLost(pool);
});

test("oom_kill in a cgroup that the worker made inside its leaf: its own limit, and the leaf is removed", async () => {
  const pool = await create();
  const script = `${findLeaf}; mkdir "$leaf/inner"; echo 0 >"$leaf/inner/cgroup.procs"; echo +memory >"$leaf/cgroup.subtree_control"; echo 16M >"$leaf/inner/memory.max"; exec ${taking(400)}`;
  const { worker, leaf } = await pool.run('sh', ['-c', script]);

  const exit = await worker.exited;

  expect(exit).toMatchObject({ ...killed, blame: 'own-limit', retryHint: 'bigger' });
  expect(exit.counters?.oom_kill).toBeGreaterThan(0);
  expect(leaf.exists).toBe(false);
  expectNoneLost(pool);
});

test("a group's limit that meets a worker in a cgroup inside its leaf: all of the worker goes, blamed on the group", async () => {
  const pool = await create();
  await limitUnwatched(pool, 24 * MiB);
  const script = `${findLeaf}; mkdir "$leaf/inner" "$leaf/other"; echo 0 >"$leaf/other/cgroup.procs"; sleep 1000 & echo 0 >"$leaf/inner/cgroup.procs"; exec ${taking(400)}`;
  const { worker } = await pool.run('sh', ['-c', script], { group: 'tenant' });

  const exit = await worker.exited;

  expect(exit).toMatchObject({ ...killed, blame: 'group-limit', retryHint: 'elsewhere' });
  expectNoneLost(pool);
});

test.each(['pool', 'tenant'])('a limit of %s that was hit and killed nobody is not blamed for a later death', async (where) => {
  const base = make();
  const policy = { name: 'protect all', rank: () => [] };
  const pool = await create({ base, policy, limits: where === 'pool' ? { highBytes: 60 * MiB, maxBytes: 61 * MiB } : { highBytes: 400 * MiB } });
  await limitUnwatched(pool, where === 'pool' ? 'max' : 60 * MiB);
  const limited = where === 'pool' ? pool.pool : new TestCgroup(`${pool.pool.directory}/tenant`);
  // The kernel finds nobody whom it may kill, and the policy neither.
  const immune = await pool.run('sh', ['-c', `${taking(400)}; exec sleep 1000`], { group: 'tenant', oomScoreAdj: -1000 });
  await until('the limit to be hit', () => limited.counter('oom', 'memory.events.local') > 0);
  immune.worker.kill();
  expect(await immune.worker.exited).toMatchObject({ counters: { oom_kill: 0 } });

  base.write('memory.max', 40 * MiB);
  const unlucky = await leaper(pool, { group: 'tenant' });
  unlucky.tell('go');

  expect(await unlucky.worker.exited).toMatchObject({ ...killed, blame: 'host' });
});

test("a group's limit hit by many threads at once is not blamed for a later death, though another worker had its own limit hit meanwhile", async () => {
  const base = make();
  const pool = await create({ base, limits: { highBytes: 400 * MiB } });
  await limitUnwatched(pool, 60 * MiB);
  // It lives on after the kernel has killed its child.
  const script = `${findLeaf}; echo 0 >"$leaf/memory.oom.group"; ${taking(400)}; echo lost; exec sleep 1000`;
  const scarred = await pool.run('sh', ['-c', script], { group: 'tenant', memory: { maxBytes: 12 * MiB } });
  await scarred.lines.line('lost');

  const crowd = await pool.run('sh', ['-c', `for i in 1 2 3 4; do ${taking(400)} & done; wait; sleep 1000`], { group: 'tenant' });
  expect(await crowd.worker.exited).toMatchObject({ ...killed, blame: 'group-limit' });
  base.write('memory.max', 40 * MiB);
  const unlucky = await leaper(pool, { group: 'tenant' });
  unlucky.tell('go');

  expect(await unlucky.worker.exited).toMatchObject({ ...killed, blame: 'host' });
});
