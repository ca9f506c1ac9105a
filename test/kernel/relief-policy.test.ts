import type { KillPolicy } from '../../lib/policy/types';
import { MiB } from './support/program';
import { useSupervisors } from './support/supervisors';
import { until } from './support/test-cgroup';

const { create } = useSupervisors();

const throwing: KillPolicy = {
  name: 'throwing',
  rank: () => {
    throw new Error('no idea');
  },
};

const protecting: KillPolicy = { name: 'protecting', rank: (candidates) => candidates.filter(({ retriable }) => retriable).map(({ id }) => ({ id, reason: 'allowed' })) };

test('a policy that throws is replaced for the round, and the report says so', async () => {
  const pool = await create({ policy: throwing });
  const hog = await pool.start('hog', [8, 4, 10, 400], { id: 'hog' });

  const report = await pool.relief(1);

  expect(report).toMatchObject({ outcome: 'relieved', policy: 'byStartTime', victims: [{ id: 'hog' }] });
  expect(report.policyError).toMatch(/"throwing" was not used: it threw Error: no idea/);
  expect(await hog.worker.exited).toMatchObject({ cause: 'spillway' });
});

test("a policy that names a stranger is replaced as well, and nobody outside the pool is touched", async () => {
  const pool = await create({ policy: { name: 'strange', rank: () => [{ id: 'init', reason: 'why not' }] } });
  await pool.start('hog', [8, 4, 10, 400], { id: 'hog' });

  const report = await pool.relief(1);

  expect(report).toMatchObject({ policy: 'byStartTime', victims: [{ id: 'hog' }] });
  expect(report.policyError).toMatch(/"init", which is no candidate/);
});

test('with everybody protected nobody dies, it is said once, and a new killable worker is relieved', async () => {
  const pool = await create({ policy: protecting });
  const guarded = await pool.start('hog', [40, 4, 10, 92], { id: 'guarded' });
  await pool.relief(1);
  const rounds = pool.supervisor.status().counts.reliefRounds;
  await until('more rounds without a candidate', () => pool.supervisor.status().counts.reliefRounds > rounds + 3);

  expect(pool.reliefs).toHaveLength(1);
  expect(pool.reliefs[0]).toMatchObject({ outcome: 'no-candidate', victims: [], ranking: [], before: { short: true }, candidates: [{ id: 'guarded' }] });
  expect(pool.supervisor.status().monitor).toBe('breached');
  expect(guarded.worker.process.exitCode).toBeNull();

  const killable = await pool.start('hog', [16], { id: 'killable', retriable: true });
  const exit = await killable.worker.exited;
  await until('the report of its death', () => pool.reliefs.some(({ victims }) => victims.length > 0));

  expect(exit.cause).toBe('spillway');
  expect(pool.victimIds()).toEqual(['killable']);
  expect(guarded.worker.process.exitCode).toBeNull();
  expect(guarded.worker.usage()?.anonBytes).toBeGreaterThan(80 * MiB);
  expect(pool.supervisor.status().counts.kernelOomKills).toBe(0);
});

test('a worker that becomes killable while the pool is short is relieved', async () => {
  const pool = await create({ policy: protecting });
  const guarded = await pool.start('hog', [8, 4, 10, 400], { id: 'guarded' });
  const report = await pool.relief(1);
  expect(report.outcome).toBe('no-candidate');

  guarded.worker.update({ retriable: true });

  expect(await guarded.worker.exited).toMatchObject({ cause: 'spillway' });
  expect(await pool.relief(2)).toMatchObject({ outcome: 'relieved', victims: [{ id: 'guarded', reason: 'allowed' }] });
});

test('the next shortage after relief is told anew', async () => {
  const pool = await create({ policy: protecting });
  for (let round = 1; round <= 2; round++) {
    const guarded = await pool.start('hog', [8, 4, 10, 400], { id: `guarded-${round}` });
    const helpless = () => pool.reliefs.filter(({ outcome }) => outcome === 'no-candidate');
    await until('the report', () => helpless().length === round);
    expect(helpless().at(-1)).toMatchObject({ victims: [], candidates: [{ id: `guarded-${round}` }] });
    guarded.worker.kill();
    expect(await guarded.worker.exited).toMatchObject({ cause: 'signal', signal: 'SIGKILL' });
    await until("'clear'", () => pool.supervisor.status().monitor === 'ok');
  }
});

test('an idle worker dies before a busy one, in the order of its state at that time', async () => {
  const pool = await create();
  const busy = await pool.start('hog', [24], { id: 'busy', retriable: true });
  const idle = await pool.start('hog', [24], { id: 'idle' });
  for (const { lines } of [busy, idle]) await lines.line('held');
  idle.worker.update({ idle: true });

  busy.tell('40');
  const report = await pool.relief(1);

  expect(report.victims[0]).toMatchObject({ id: 'idle' });
  expect(report.victims[0]?.reason).toMatch(/^idle, so no work is lost; would free/);
});
