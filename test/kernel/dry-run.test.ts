import { MiB } from './support/program';
import { useSupervisors } from './support/supervisors';
import { startTaker } from './support/takers';
import { until } from './support/test-cgroup';

const { create } = useSupervisors();

/** JavaScript does nothing else for so long. */
function block(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

test('everything but the signal: the victim that would be is told once while the shortage lasts, and nobody dies', async () => {
  const pool = await create({ dryRun: true });
  const elder = await startTaker(pool, { id: 'elder', retriable: true, mib: 30 });
  const young = await startTaker(pool, { id: 'young', retriable: true, mib: 40 });

  young.tell('take 30');
  const report = await pool.relief(1);
  const { reliefRounds } = pool.supervisor.status().counts;
  await until('more rounds', () => pool.supervisor.status().counts.reliefRounds > reliefRounds + 3);

  expect(report).toMatchObject({
    outcome: 'dry-run', dryRun: true, before: { short: true }, after: { short: true }, decisions: [{ victim: 'young', by: 'javascript' }],
    victims: [{ id: 'young', pid: young.pid, died: false }], ranking: [{ id: 'young' }, { id: 'elder' }],
  });
  expect(report.victims[0]?.reason).toMatch(/busy with a task that can be retried, started last of 2/);
  expect(report.timeline.map(({ step }) => step).filter((step) => step !== 'extended')).toEqual(['noticed', 'leased', 'measured', 'decided', 'ended']);
  expect(pool.reliefs).toHaveLength(1);
  expect(pool.victimIds()).toEqual(['young']);
  expect([elder.isAlive, young.isAlive]).toEqual([true, true]);
  expect(pool.supervisor.status().workers.map(({ dying }) => dying)).toEqual([false, false]);
  expect(pool.supervisor.status().counts).toMatchObject({ kills: 0, kernelOomKills: 0 });
});

test('the next shortage is told anew', async () => {
  const pool = await create({ dryRun: true });
  for (let time = 1; time <= 2; time++) {
    const taker = await startTaker(pool, { id: `taker ${time}`, mib: 60 });
    taker.tell('take 50');
    expect(await pool.relief(time)).toMatchObject({ outcome: 'dry-run', victims: [{ id: `taker ${time}`, died: false }] });
    taker.started.worker.kill();
    expect(await taker.exited).toMatchObject({ cause: 'signal' });
    await until("'clear'", () => pool.supervisor.status().monitor === 'ok');
  }
  expect(pool.reliefs).toHaveLength(2);
});

test('reclaimers are asked all the same, and where they relieve the pool the round ends as any other', async () => {
  const pool = await create({ dryRun: true, reclaimBudgetMs: 30_000 });
  const holder = await startTaker(pool, { id: 'holder', mib: 40 });
  const taker = await startTaker(pool, { id: 'taker', retriable: true, mib: 30 });
  pool.supervisor.addReclaimer({ name: 'cache', reclaim: async () => {
    if (pool.supervisor.status().counts.reliefRounds === 0) return 0;
    await holder.drop();
    return 40 * MiB;
  } });

  taker.tell('take 25');
  const report = await pool.relief(1);

  expect(report).toMatchObject({ outcome: 'relieved', dryRun: true, reclaimed: [{ name: 'cache', givenBytes: 40 * MiB }], victims: [], decisions: [] });
  await taker.says('held 55');
  expect(pool.victims).toEqual([]);
});

test("over a group's mark nobody gets SIGTERM either", async () => {
  const pool = await create({ dryRun: true, limits: { highBytes: 400 * MiB } });
  await pool.supervisor.group('tight', { highBytes: 48 * MiB });
  const taker = await startTaker(pool, { id: 'taker', group: 'tight', graceMs: 1, on: { TERM: 'exit 5' } });

  taker.tell('take 60');
  const report = await pool.relief(1);
  await until('more rounds', () => pool.supervisor.status().counts.reliefRounds > 3);

  expect(report).toMatchObject({ outcome: 'dry-run', limit: { level: 'group', id: 'tight' }, victims: [{ id: 'taker', died: false }] });
  expect(taker.isAlive).toBe(true);
});

test('with JavaScript blocked the native thread does not act in its place', async () => {
  const pool = await create({ dryRun: true, takeoverMs: 50 });
  const taker = await startTaker(pool, { id: 'taker', mib: 60 });

  taker.tell('take 50');
  await new Promise(setImmediate);
  block(2000);

  expect(await pool.relief(1)).toMatchObject({ outcome: 'dry-run', victims: [{ id: 'taker', by: 'javascript', died: false }] });
  expect(taker.isAlive).toBe(true);
  expect(pool.supervisor.status().counts.kills).toBe(0);
});
