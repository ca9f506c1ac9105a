import { MiB } from './support/program';
import { useSupervisors } from './support/supervisors';
import { until } from './support/test-cgroup';

const { create } = useSupervisors();

test('the youngest retriable hog dies, honest workers finish, and the kernel kills nobody', async () => {
  const pool = await create();
  const honest = [await pool.start('honest', [40], { id: 'honest-1' }), await pool.start('honest', [40], { id: 'honest-2' })];
  const older = await pool.start('hog', [16], { id: 'older', retriable: true });
  await older.lines.line('held');
  const younger = await pool.start('hog', [8, 4, 10, 400], { id: 'younger', retriable: true });

  const report = await pool.relief(1);
  const exit = await younger.worker.exited;
  for (const each of honest) expect(await each.worker.exited).toMatchObject({ code: 0, cause: 'exit', retryHint: 'no' });

  expect(exit).toMatchObject({ id: 'younger', code: null, signal: 'SIGKILL', cause: 'spillway', retryHint: 'elsewhere', reportId: report.reportId });
  expect(exit.counters).toMatchObject({ oom_kill: 0 });
  expect(exit.peakBytes).toBeGreaterThan(20 * MiB);
  expect(exit.peakBytes).toBeLessThan(400 * MiB);
  expect(pool.reliefs).toHaveLength(1);
  expect(report).toMatchObject({
    schemaVersion: 1,
    outcome: 'relieved',
    policy: 'byStartTime',
    breach: { short: true, source: 'event' },
    before: { short: true, markBytes: 96 * MiB },
    after: { short: false, bytesToFree: 0 },
    victims: [{ id: 'younger', pid: younger.worker.pid, died: true }],
  });
  expect(report.victims[0]?.reason).toMatch(/busy with a task that can be retried, started last of 2/);
  expect(report.victims[0]?.freeableBytes).toBeGreaterThan(20 * MiB);
  expect(report.ranking.map(({ id }) => id).slice(0, 2)).toEqual(['younger', 'older']);
  expect(report.candidates.map(({ id }) => id)).toEqual(expect.arrayContaining(['older', 'younger']));
  expect(JSON.parse(JSON.stringify(report))).toEqual({ ...report, before: unlimited(report.before), after: unlimited(report.after), breach: unlimited(report.breach) });
  expect(report.timeline.map(({ step }) => step).filter((step) => step !== 'extended')).toEqual(['noticed', 'leased', 'measured', 'decided', 'signalled', 'exited', 'measured', 'freed', 'ended']);
  expect(report.timeline.every(({ atMs }, index, all) => atMs >= (all[index - 1]?.atMs ?? 0))).toBe(true);

  expect(older.worker.usage()?.anonBytes).toBeGreaterThan(16 * MiB);
  const status = pool.supervisor.status();
  expect(status.counts).toMatchObject({ kills: 1, kernelOomKills: 0 });
  expect(status.pool?.usage.currentBytes).toBeLessThan(96 * MiB);
  await until("'clear'", () => pool.supervisor.status().monitor === 'ok');
});

/** JSON has no Infinity. */
function unlimited<T extends { limits: object }>(state: T): T {
  return { ...state, limits: Object.fromEntries(Object.entries(state.limits).map(([key, value]) => [key, value === Infinity ? null : (value as unknown)])) };
}

test("'victim' comes before the death, with reason and size; 'exit' and 'relief' after it", async () => {
  const pool = await create();
  const order: string[] = [];
  pool.supervisor.on('victim', ({ id, died }) => order.push(`victim ${id} ${String(died)}`));
  pool.supervisor.on('exit', ({ id }) => order.push(`exit ${id}`));
  pool.supervisor.on('relief', ({ victims: [victim] }) => order.push(`relief ${String(victim?.id)} ${String(victim?.died)}`));

  await pool.start('hog', [8, 4, 10, 400], { id: 'hog' });
  await pool.relief(1);

  expect(order).toEqual(['victim hog false', 'exit hog', 'relief hog true']);
});

test('two hogs at once: both die in turn, their neighbour lives', async () => {
  const pool = await create();
  const honest = await pool.start('honest', [], { id: 'honest' });
  const hogs = [await pool.start('hog', [8, 4, 0, 400], { id: 'hog-1', retriable: true }), await pool.start('hog', [8, 4, 0, 400], { id: 'hog-2', retriable: true })];
  for (const { lines } of hogs) await lines.line('held');

  for (const { tell } of hogs) tell('grow');
  const exits = await Promise.all(hogs.map(({ worker }) => worker.exited));

  expect(exits.map(({ cause }) => cause)).toEqual(['spillway', 'spillway']);
  expect(pool.victimIds()).toEqual(['hog-2', 'hog-1']);
  expect(honest.worker.usage()?.currentBytes).toBeGreaterThan(0);
  expect(honest.worker.process.exitCode).toBeNull();
  expect(pool.supervisor.status().counts).toMatchObject({ kills: 2, kernelOomKills: 0 });
});

test('a breach in the course of a round is not lost: the hog that crosses while the first one dies goes as well', async () => {
  const pool = await create();
  const second = await pool.start('hog', [8, 0, 0], { id: 'second' });
  const first = await pool.start('hog', [8, 4, 0, 400], { id: 'first', retriable: true });
  await first.lines.line('held');
  await second.lines.line('held');
  // It takes more than the mark while the round is about the first.
  pool.supervisor.once('victim', () => { second.tell('160'); });

  first.tell('grow');
  expect(await first.worker.exited).toMatchObject({ cause: 'spillway' });
  expect(await second.worker.exited).toMatchObject({ cause: 'spillway' });
  await until('the end of the last round', () => pool.reliefs.flatMap(({ victims }) => victims).length === 2);

  expect(pool.victimIds()).toEqual(['first', 'second']);
  expect(pool.reliefs.at(-1)).toMatchObject({ outcome: 'relieved', after: { short: false } });
  await until("'clear'", () => pool.supervisor.status().monitor === 'ok');
});

test('a spawn in the course of a round waits until the round is over', async () => {
  const pool = await create();
  const order: string[] = [];
  pool.supervisor.on('relief', () => order.push('relief'));
  let spawned: Promise<unknown> | undefined;
  pool.supervisor.once('victim', () => {
    order.push('victim');
    spawned = pool.start('honest', [1]).then(() => order.push('spawned'));
  });

  await pool.start('hog', [8, 4, 10, 400]);
  await pool.relief(1);
  await spawned;

  expect(order).toEqual(['victim', 'relief', 'spawned']);
});

test('a worker over its own memory.high is no matter of the pool: it dies for it alone, and is told so', async () => {
  const pool = await create();
  const own = await pool.start('hog', [4, 0, 0], { id: 'own', memory: { highBytes: 32 * MiB } });
  // By the policy this one would be the first to die.
  const neighbour = await pool.start('hog', [24], { id: 'neighbour', retriable: true });
  for (const { lines } of [own, neighbour]) await lines.line('held');

  own.tell('32');
  const report = await pool.relief(1);
  const exit = await own.worker.exited;

  expect(report).toMatchObject({
    outcome: 'relieved', limit: { level: 'worker', id: 'own' }, before: { markBytes: 32 * MiB }, victims: [{ id: 'own', died: true }], candidates: [{ id: 'own' }],
  });
  expect(exit).toMatchObject({ cause: 'spillway', blame: 'own-limit', retryHint: 'bigger', reportId: report.reportId });
  expect(new Set(pool.breaches.map(({ cgroup }) => cgroup))).toEqual(new Set([own.leaf.directory]));
  expect(pool.pool.counter('high', 'memory.events.local')).toBe(0);
  expect(pool.supervisor.status().monitor).toBe('ok');
  expect(neighbour.worker.process.exitCode).toBeNull();
  expect(neighbour.leaf.populated).toBe(true);
});
