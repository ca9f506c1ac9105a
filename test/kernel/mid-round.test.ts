import { readFileSync } from 'node:fs';
import { byStartTime } from '../../lib/policy/by-start-time';
import type { KillPolicy } from '../../lib/policy/types';
import { MiB } from './support/program';
import { useSupervisors } from './support/supervisors';
import { startTaker } from './support/takers';
import { until } from './support/test-cgroup';
import { startThree, twoSteps } from './support/two-steps';

const { create } = useSupervisors();

function pinnedMib({ usage }: { usage: { pinnedBytes?: number } }): number {
  return (usage.pinnedBytes ?? NaN) / MiB;
}

/** Blocks JavaScript until the process is a zombie, or gone: nothing is reaped meanwhile. */
function blockUntilEnded(pid: number): void {
  const isRunning = (): boolean => {
    try {
      return !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z');
    } catch {
      return false;
    }
  };
  const end = Date.now() + 20_000;
  while (Date.now() < end && isRunning());
}

test('relief goes on to the mark less the whole kill buffer, where a new shortage would not begin', async () => {
  const pool = await create(twoSteps);
  const { elder, mid, young } = await startThree(pool);

  young.tell('take 14');
  const report = await pool.relief(1);

  expect(report).toMatchObject({ outcome: 'relieved', victims: [{ id: 'young', died: true }, { id: 'mid', died: true }], after: { short: false, bytesToFree: 0 } });
  expect(pinnedMib(report.before)).toBeGreaterThan(72);
  // After the first death it would not have begun.
  expect(report.decisions[1]?.bytesToFree).toBeLessThan(24 * MiB);
  expect(report.decisions[1]?.bytesToFree).toBeGreaterThan(0);
  expect(pinnedMib(report.after)).toBeLessThan(48);
  for (const { exited } of [mid, young]) expect(await exited).toMatchObject({ cause: 'spillway', reportId: report.reportId });
  expect(elder.isAlive).toBe(true);
  expect(pool.reliefs).toEqual([report]);
  expect(pool.supervisor.status().counts).toMatchObject({ kills: 2, kernelOomKills: 0 });
});

test('memory.high lowered in mid-round: the round goes on to the new mark', async () => {
  const pool = await create();
  const elder = await startTaker(pool, { id: 'elder', mib: 20 });
  const mid = await startTaker(pool, { id: 'mid', retriable: true, mib: 25 });
  const young = await startTaker(pool, { id: 'young', retriable: true, mib: 20 });
  pool.supervisor.once('victim', () => pool.pool.write('memory.high', 40 * MiB));

  young.tell('take 40');
  const report = await pool.relief(1);

  expect(report).toMatchObject({ outcome: 'relieved', before: { markBytes: 96 * MiB }, victims: [{ id: 'young' }, { id: 'mid' }], after: { markBytes: 40 * MiB, short: false } });
  for (const { exited } of [mid, young]) expect(await exited).toMatchObject({ cause: 'spillway' });
  expect(elder.isAlive).toBe(true);
});

test('memory.high raised while reclaimers are asked: the round ends, and nobody dies', async () => {
  const pool = await create({ reclaimBudgetMs: 10_000 });
  pool.supervisor.addReclaimer({ name: 'administrator', reclaim: () => {
    if (pool.supervisor.status().counts.reliefRounds > 0) pool.pool.write('memory.high', 400 * MiB);
    return 0;
  } });
  const taker = await startTaker(pool, { id: 'taker', mib: 60 });

  taker.tell('take 40');
  const report = await pool.relief(1);

  expect(report).toMatchObject({ outcome: 'relieved', victims: [], decisions: [], reclaimed: [{ name: 'administrator', givenBytes: 0 }], after: { markBytes: 400 * MiB, short: false } });
  await taker.says('held 100');
  expect(pool.victims).toEqual([]);
});

/** Ends it by itself, with code 7, while JavaScript hears of nothing. */
function endAndBlock(pid: number): void {
  process.kill(pid, 'SIGTERM');
  blockUntilEnded(pid);
}

test('a victim that ends by itself between its choice and its signal: its own exit, and nobody dies in its place', async () => {
  const pool = await create();
  pool.supervisor.once('victim', ({ pid }) => {
    endAndBlock(pid);
  });
  const elder = await startTaker(pool, { id: 'elder', retriable: true, mib: 30 });
  const leaving = await startTaker(pool, { id: 'leaving', retriable: true, mib: 40, on: { TERM: 'exit 7' } });

  elder.tell('take 22');
  const report = await pool.relief(1);

  expect(await leaving.exited).toMatchObject({ code: 7, signal: null, cause: 'exit', retryHint: 'no' });
  expect(report).toMatchObject({ outcome: 'relieved', victims: [{ id: 'leaving', died: true }] });
  await elder.says('held 52');
  expect(pool.supervisor.status().counts.kills).toBe(0);
});

test('one that ends by itself while the policy takes its time: nobody is told of, and nobody dies', async () => {
  let pid = 0;
  const slow: KillPolicy = { name: 'slow', rank: (candidates, need) => {
    // Not when it is only asked ahead.
    if (need.breach.sequence > 0 && pid === 0) {
      pid = candidates.find(({ id }) => id === 'leaving')?.pid ?? 0;
      endAndBlock(pid);
    }
    return byStartTime().rank(candidates, need);
  } };
  const pool = await create({ policy: slow });
  const elder = await startTaker(pool, { id: 'elder', retriable: true, mib: 30 });
  const leaving = await startTaker(pool, { id: 'leaving', retriable: true, mib: 40, on: { TERM: 'exit 7' } });

  elder.tell('take 22');

  expect(await leaving.exited).toMatchObject({ code: 7, signal: null, cause: 'exit', retryHint: 'no' });
  await elder.says('held 52');
  expect(pid).toBeGreaterThan(0);
  expect(pool.victims).toEqual([]);
  expect(pool.supervisor.status().counts.kills).toBe(0);
});

test('one that ends by itself while reclaimers are asked is nobody to be chosen, and its memory is seen', async () => {
  const pool = await create({ reclaimBudgetMs: 30_000 });
  const elder = await startTaker(pool, { id: 'elder', mib: 30 });
  const leaving = await startTaker(pool, { id: 'leaving', retriable: true, mib: 40 });
  pool.supervisor.addReclaimer({ name: 'waiting', reclaim: async () => {
    if (pool.supervisor.status().counts.reliefRounds === 0) return 0;
    leaving.tell('exit 3');
    await leaving.exited;
    return 0;
  } });

  elder.tell('take 22');
  const report = await pool.relief(1);

  expect(report).toMatchObject({ outcome: 'relieved', victims: [], decisions: [], reclaimed: [{ name: 'waiting' }] });
  expect(await leaving.exited).toMatchObject({ code: 3, cause: 'exit' });
  await elder.says('held 52');
});

test('two workers that fork faster than anyone could kill are both gone as a whole', async () => {
  const pool = await create({ limits: { highBytes: 48 * MiB } });
  const elder = await startTaker(pool, { id: 'elder', mib: 4 });
  const storm = 'for (;;) { my $pid = fork; if (defined $pid && !$pid) { sleep 1000; exit } }';
  const storms = await Promise.all(['one', 'two'].map((id) => pool.run('perl', ['-e', storm], { id, retriable: true, pidsMax: 3000 })));

  for (const { worker } of storms) expect(await worker.exited).toMatchObject({ signal: 'SIGKILL', cause: 'spillway' });
  await until("'clear'", () => pool.supervisor.status().monitor === 'ok');

  expect(pool.victimIds().sort()).toEqual(['one', 'two']);
  expect(pool.leaves).toHaveLength(1);
  expect(elder.isAlive).toBe(true);
  expect(pool.supervisor.status().counts).toMatchObject({ kills: 2, kernelOomKills: 0 });
});
