import { join } from 'node:path';
import type { SpawnedWorker } from '../../lib/supervisor/worker';
import { linesOf, MiB, type Lines } from './support/program';
import { useSupervisors, type Supervised } from './support/supervisors';
import { startTaker } from './support/takers';
import { until } from './support/test-cgroup';

const { create } = useSupervisors();

const markBytes = 160 * MiB;

/** Above the mark less half of the kill buffer, where it is short, and below the mark, where workers are warned at the latest. */
const shortFill = 0.99;
/** Workers are warned by relief rounds only. */
const lateWarning = { limits: { highBytes: markBytes }, levels: { warnAt: 1 } };

/** A Node worker that gives back what it holds when it gets the message. */
async function startShedder(pool: Supervised, mib: number, more: string[] = [], shedMs = 60_000): Promise<{ worker: SpawnedWorker; lines: Lines }> {
  const worker = await pool.supervisor.fork(
    join(__dirname, 'programs/shedder.cjs'),
    [String(mib), ...more],
    // malloc() keeps what was freed, unless each piece is a mapping of its own.
    { stdio: ['ignore', 'pipe', 'inherit', 'ipc'], execArgv: ['--expose-gc'], env: { ...process.env, MALLOC_MMAP_THRESHOLD_: '65536' } },
    { id: 'shedder', retriable: true, shed: 'ipc', shedMs },
  );
  const lines = linesOf(worker.process);
  await lines.line('held');
  return { worker, lines };
}

function isAlive({ process: { exitCode, signalCode } }: SpawnedWorker): boolean {
  return exitCode === null && signalCode === null;
}

test("at the mark a worker with shed 'ipc' saves itself and everybody", async () => {
  const pool = await create(lateWarning);
  const elder = await startTaker(pool, { id: 'elder' });
  const { worker, lines } = await startShedder(pool, 50);

  elder.tell(`take ${elder.missingMib(shortFill)}`);
  const report = await pool.relief(1);

  expect(report).toMatchObject({ outcome: 'relieved', victims: [], decisions: [], warned: [{ id: 'shedder', how: 'ipc' }], before: { short: true }, after: { short: false } });
  expect(report.warned[0]).not.toHaveProperty('error');
  expect(report.timeline.map(({ step }) => step).filter((step) => step !== 'extended')).toEqual(['noticed', 'leased', 'measured', 'warned', 'measured', 'ended']);
  const told = JSON.parse((await lines.starting('told ')).slice('told '.length)) as { bytes: number };
  expect(told).toEqual({ type: 'spillway:shed', bytes: told.bytes, shedMs: 60_000 });
  expect(told.bytes).toBeGreaterThan(0);
  expect(told.bytes).toBeLessThan(0.2 * markBytes);
  expect([isAlive(worker), elder.isAlive]).toEqual([true, true]);
  expect(pool.victims).toEqual([]);
});

test("before the mark, from warnAt on, a worker with shed 'ipc' keeps the pool from any round", async () => {
  const pool = await create({ limits: { highBytes: markBytes }, roomMs: 50 });
  const elder = await startTaker(pool, { id: 'elder' });
  const { worker, lines } = await startShedder(pool, 50);

  await elder.fillTo(0.958);
  await lines.starting('shed ');
  await until('room', () => pool.supervisor.accepting && (pool.supervisor.status().pool?.usage.pinnedBytes ?? Infinity) < 0.8 * markBytes);

  const told = JSON.parse((await lines.starting('told ')).slice('told '.length)) as { bytes: number };
  expect(told).toMatchObject({ type: 'spillway:shed', shedMs: 60_000 });
  // What is above reclaimAt.
  expect(told.bytes).toBeGreaterThan(0.045 * markBytes);
  expect(told.bytes).toBeLessThan(0.075 * markBytes);
  expect(pool.supervisor.status().counts).toMatchObject({ reliefRounds: 0, shortBreaches: 0 });
  expect(isAlive(worker)).toBe(true);
});

test("shed 'signal': SIGUSR2 is the word, and the memory that comes back saves everybody", async () => {
  const pool = await create(lateWarning);
  const elder = await startTaker(pool, { id: 'elder' });
  const shedding = await startTaker(pool, { id: 'shedding', mib: 50, retriable: true, shed: 'signal', shedMs: 60_000, on: { USR2: 'drop' } });

  elder.tell(`take ${elder.missingMib(shortFill)}`);
  const report = await pool.relief(1);

  expect(report).toMatchObject({ outcome: 'relieved', victims: [], decisions: [], warned: [{ id: 'shedding', how: 'signal' }] });
  await shedding.says('got USR2');
  expect([shedding.isAlive, elder.isAlive]).toEqual([true, true]);
});

test('one that ignores the warning dies after shedMs', async () => {
  const pool = await create(lateWarning);
  const elder = await startTaker(pool, { id: 'elder' });
  const ignoring = await startTaker(pool, { id: 'ignoring', mib: 50, retriable: true, shed: 'signal', shedMs: 3000, on: { USR2: 'ignore' } });

  elder.tell(`take ${elder.missingMib(shortFill)}`);
  const report = await pool.relief(1);

  expect(report).toMatchObject({ outcome: 'relieved', warned: [{ id: 'ignoring', how: 'signal' }], victims: [{ id: 'ignoring', died: true, signal: 'SIGKILL' }] });
  const atMs = (step: string): number => report.timeline.find((entry) => entry.step === step)?.atMs ?? NaN;
  expect(atMs('decided') - atMs('measured')).toBeGreaterThan(2999);
  expect(await ignoring.exited).toMatchObject({ cause: 'spillway', reportId: report.reportId });
  expect(ignoring.said).toContain('got USR2');
  expect(elder.isAlive).toBe(true);
});

test('one that cannot be told is reported with the reason, and nobody waits for it longer than for others', async () => {
  const pool = await create(lateWarning);
  const elder = await startTaker(pool, { id: 'elder' });
  const deaf = await startTaker(pool, { id: 'deaf', mib: 50, retriable: true, shed: 'ipc', shedMs: 200 });

  elder.tell(`take ${elder.missingMib(shortFill)}`);
  const report = await pool.relief(1);

  expect(report).toMatchObject({ outcome: 'relieved', warned: [{ id: 'deaf', how: 'ipc', error: 'it has no open IPC channel' }], victims: [{ id: 'deaf', died: true }] });
  expect(await deaf.exited).toMatchObject({ cause: 'spillway' });
});

test('one that was told and sheds nothing is not told again in the rounds that follow', async () => {
  const pool = await create({ ...lateWarning, dryRun: true });
  const elder = await startTaker(pool, { id: 'elder' });
  const { lines } = await startShedder(pool, 40, ['deaf'], 100);

  elder.tell(`take ${elder.missingMib(shortFill)}`);
  await pool.relief(1);
  const { reliefRounds } = pool.supervisor.status().counts;
  await until('more rounds', () => pool.supervisor.status().counts.reliefRounds > reliefRounds + 2);

  expect(pool.reliefs).toMatchObject([{ outcome: 'dry-run', warned: [{ id: 'shedder' }], victims: [{ id: 'shedder' }] }]);
  expect(lines.all.filter((line) => line.startsWith('told '))).toHaveLength(1);
});
