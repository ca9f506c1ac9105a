import type { KillPolicy } from '../../lib/policy/types';
import { useSupervisors } from './support/supervisors';
import { startTaker } from './support/takers';
import { startThree, twoSteps } from './support/two-steps';

const { create } = useSupervisors();

test("worker.kill() of the victim in its listener is the program's own kill, and ends the round", async () => {
  const pool = await create();
  const elder = await startTaker(pool, { id: 'elder', retriable: true, mib: 30 });
  const young = await startTaker(pool, { id: 'young', retriable: true, mib: 30 });
  pool.supervisor.once('victim', () => { young.started.worker.kill(); });

  young.tell('take 40');
  const report = await pool.relief(1);

  expect(await young.exited).toMatchObject({ signal: 'SIGKILL', cause: 'signal' });
  expect(report).toMatchObject({ outcome: 'relieved', victims: [{ id: 'young', died: true }] });
  expect(elder.isAlive).toBe(true);
  expect(pool.supervisor.status().counts.kills).toBe(0);
});

test('worker.kill() of another in the listener: what that gives back is counted, and the round chooses nobody more', async () => {
  const pool = await create(twoSteps);
  const { elder, mid, young } = await startThree(pool);
  pool.supervisor.once('victim', () => { mid.started.worker.kill(); });

  young.tell('take 14');
  const report = await pool.relief(1);

  expect(report).toMatchObject({ outcome: 'relieved', victims: [{ id: 'young', died: true }] });
  expect(await young.exited).toMatchObject({ cause: 'spillway' });
  expect(await mid.exited).toMatchObject({ signal: 'SIGKILL', cause: 'signal' });
  expect(elder.isAlive).toBe(true);
  expect(pool.victimIds()).toEqual(['young']);
});

test('close({ drain }) in mid-round: relief goes on to its end, and the others end in their own time', async () => {
  const pool = await create(twoSteps);
  const { elder, mid, young } = await startThree(pool);
  let closed: Promise<void> | undefined;
  pool.supervisor.once('victim', () => { closed = pool.supervisor.close({ drain: true }); });

  young.tell('take 14');
  const report = await pool.relief(1);

  expect(report).toMatchObject({ outcome: 'relieved', victims: [{ id: 'young' }, { id: 'mid' }] });
  for (const { exited } of [mid, young]) expect(await exited).toMatchObject({ cause: 'spillway', reportId: report.reportId });
  expect(pool.pool.exists).toBe(true);
  elder.tell('exit 4');
  expect(await elder.exited).toMatchObject({ code: 4, cause: 'exit' });
  await closed;
  expect(pool.pool.exists).toBe(false);
});

test('close() while reclaimers are asked: nobody is chosen any more, all are closed', async () => {
  const pool = await create({ reclaimBudgetMs: 10_000 });
  let closed: Promise<void> | undefined;
  pool.supervisor.addReclaimer({ name: 'closing', reclaim: () => {
    if (pool.supervisor.status().counts.reliefRounds > 0) closed = pool.supervisor.close();
    return 0;
  } });
  const taker = await startTaker(pool, { id: 'taker', mib: 60 });

  taker.tell('take 40');
  const report = await pool.relief(1);
  await closed;

  expect(report).toMatchObject({ outcome: 'closed', victims: [], decisions: [] });
  expect(await taker.exited).toMatchObject({ cause: 'closed' });
  expect(pool.victims).toEqual([]);
});

test('a reclaimer that throws in mid-round is told, and costs nothing but its turn', async () => {
  const pool = await create();
  pool.supervisor.addReclaimer({ name: 'broken', reclaim: () => {
    if (pool.supervisor.status().counts.reliefRounds > 0) throw new Error('no idea');
    return 0;
  } });
  const taker = await startTaker(pool, { id: 'taker', mib: 60 });

  taker.tell('take 40');
  const report = await pool.relief(1);

  expect(report).toMatchObject({ outcome: 'relieved', reclaimed: [{ name: 'broken', givenBytes: 0, error: 'Error: no idea' }], victims: [{ id: 'taker', died: true }] });
  expect(pool.degraded).toMatchObject([{ code: 'ERR_SPILLWAY_RECLAIMER_FAILED' }]);
  pool.degraded.length = 0;
});

test('a policy that throws at the second decision of a round: the substitute decides that one, and the report says so', async () => {
  const byName: KillPolicy = { name: 'byName', rank: (candidates) => {
    if (!candidates.some(({ id }) => id === 'young')) throw new Error('young is gone');
    return candidates.map(({ id }) => ({ id, reason: 'by name' })).sort((a, b) => (a.id < b.id ? 1 : -1));
  } };
  const pool = await create({ ...twoSteps, policy: byName });
  const { elder, young } = await startThree(pool);

  young.tell('take 14');
  const report = await pool.relief(1);

  expect(report).toMatchObject({ outcome: 'relieved', victims: [{ id: 'young', reason: 'by name' }, { id: 'mid' }] });
  expect(report.victims[1]?.reason).toMatch(/can be retried/);
  expect(report.policyError).toMatch(/"byName" was not used: it threw Error: young is gone/);
  expect(elder.isAlive).toBe(true);
});
