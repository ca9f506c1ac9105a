import { execFileSync } from 'node:child_process';
import { useSupervisors, type Supervised } from './support/supervisors';
import { startTaker } from './support/takers';
import { until } from './support/test-cgroup';

let hidden: string | undefined;

/** Its files cannot be opened until it is shown again. What is open already can be read. */
function hide({ pool }: Supervised): void {
  if (hidden !== undefined) return;
  hidden = pool.directory;
  execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', pool.directory]);
}

function show(): void {
  if (hidden !== undefined) execFileSync('umount', [hidden]);
  hidden = undefined;
}

// Before the supervisors are closed.
afterEach(show);
const { create } = useSupervisors();

test("while the pool's files cannot be opened, what the native thread has read is enough for a decision", async () => {
  const pool = await create();
  const taker = await startTaker(pool, { id: 'taker', mib: 60 });
  pool.supervisor.on('breach', ({ short }) => {
    if (short && pool.victims.length === 0) hide(pool);
  });
  // Its end is seen by path.
  pool.supervisor.once('victim', show);

  taker.tell('take 40');

  expect(await taker.exited).toMatchObject({ signal: 'SIGKILL', cause: 'spillway', blame: 'pool' });
  await until("'clear'", () => pool.supervisor.status().monitor === 'ok');
  expect(await pool.relief(1)).toMatchObject({ outcome: 'relieved', victims: [{ id: 'taker', by: 'javascript', died: true }] });
});

test('that is so also where reclaimers were asked before, and gave nothing', async () => {
  const pool = await create({ reclaimBudgetMs: 30_000 });
  pool.supervisor.addReclaimer({ name: 'empty', reclaim: () => 0 });
  const taker = await startTaker(pool, { id: 'taker', mib: 60 });
  pool.supervisor.on('breach', ({ short }) => {
    if (short && pool.victims.length === 0) hide(pool);
  });
  pool.supervisor.once('victim', show);

  taker.tell('take 40');

  expect(await taker.exited).toMatchObject({ signal: 'SIGKILL', cause: 'spillway', blame: 'pool' });
  await until("'clear'", () => pool.supervisor.status().monitor === 'ok');
  expect(await pool.relief(1)).toMatchObject({ outcome: 'relieved', reclaimed: [{ name: 'empty', givenBytes: 0 }], victims: [{ id: 'taker', by: 'javascript', died: true }] });
});

test('the files cannot be opened any more in mid-round: the round ends, it is said, and a later one relieves', async () => {
  const pool = await create({ reclaimBudgetMs: 30_000 });
  const taker = await startTaker(pool, { id: 'taker', mib: 60 });
  let reclaim = (): number => {
    if (pool.supervisor.status().counts.reliefRounds > 0) hide(pool);
    return 1;
  };
  pool.supervisor.addReclaimer({ name: 'hiding', reclaim: () => reclaim() });

  taker.tell('take 40');
  const report = await pool.relief(1);
  expect(report).toMatchObject({ outcome: 'unreadable', victims: [], reclaimed: [{ name: 'hiding' }] });
  expect(taker.isAlive).toBe(true);
  reclaim = () => 0;
  show();

  expect(await taker.exited).toMatchObject({ cause: 'spillway' });
  expect(await pool.relief(2)).toMatchObject({ outcome: 'relieved', victims: [{ id: 'taker', died: true }] });
});

test('all of it killed and removed from outside in mid-round: the round ends, everybody is told of, and close() ends well', async () => {
  const pool = await create({ reclaimBudgetMs: 60_000 });
  const taker = await startTaker(pool, { id: 'taker', mib: 60 });
  pool.supervisor.addReclaimer({ name: 'administrator', reclaim: async () => {
    if (pool.supervisor.status().counts.reliefRounds === 0) return 0;
    pool.pool.write('cgroup.kill', 1);
    await until('it to be removed', () => {
      try {
        pool.pool.remove();
      } catch {
        // Not empty yet, or removed by the supervisor meanwhile.
      }
      return !pool.pool.exists;
    });
    return 1;
  } });

  taker.tell('take 40');
  const exit = await taker.exited;
  await until("'degraded'", () => pool.degraded.length > 0);

  expect(exit).toMatchObject({ code: null, signal: 'SIGKILL', cause: 'signal' });
  expect(pool.degraded).toMatchObject([{ code: 'ERR_SPILLWAY_CGROUP_NOT_FOUND' }]);
  expect(await pool.relief(1)).toMatchObject({ outcome: 'unreadable', victims: [], reclaimed: [{ name: 'administrator' }] });
  expect(pool.supervisor.status()).toMatchObject({ monitor: 'stopped', pool: undefined, workers: [] });
  await pool.supervisor.close();
  pool.degraded.length = 0;
});
