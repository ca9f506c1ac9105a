import { byPriority, byStartTime, largestFirst, protect } from '../../lib/policy';
import { isAlive, readProcess } from '../../lib/process/process-entry';
import { startFamily } from './support/family';
import { useHolders } from './support/holders';
import { MiB } from './support/program';
import { until } from './support/test-cgroup';

// The story of systemd's TEST-55-OOMD, with its units as workers: "chill" only sleeps, "bloat" is ten
// processes that take memory, "munch" takes it too. systemd-oomd kills a unit for pressure in its slice, after
// seconds; Spillway kills a worker for its mark.
const { hold } = useHolders();

const lives = (pid: number): boolean => {
  const entry = readProcess(pid);
  return entry !== undefined && isAlive(entry);
};

test('TEST-55: of a quiet unit and a bloated one under small marks the bloated one dies with all its processes', async () => {
  const { pool } = await hold({});
  const chill = await pool.run('sleep', ['1000'], { id: 'chill', memory: { highBytes: 3 * MiB } });
  const bloat = await startFamily(pool, 10, 200, { id: 'bloat', memory: { highBytes: 32 * MiB } });

  bloat.tell('go');
  const exit = await bloat.worker.exited;
  const report = await pool.relief(1);

  expect(exit).toMatchObject({ cause: 'spillway', signal: 'SIGKILL', blame: 'own-limit', retryHint: 'bigger', reportId: report.reportId, counters: { oom_kill: 0 } });
  expect(report).toMatchObject({ outcome: 'relieved', limit: { level: 'worker', id: 'bloat' }, victims: [{ id: 'bloat', died: true }] });
  expect(bloat.pids).toHaveLength(10);
  await until('all of them to be reaped', () => !bloat.pids.some(lives));
  expect(bloat.leaf.exists).toBe(false);
  expect(lives(chill.worker.pid)).toBe(true);
  expect(pool.exits.map(({ id }) => id)).toEqual(['bloat']);
});

test('TEST-55: of a quiet group and one of ten bloating workers only the second loses workers', async () => {
  const holders = await hold({});
  const { pool } = holders;
  await pool.supervisor.group('chill', { highBytes: 16 * MiB });
  await pool.supervisor.group('bloat', { highBytes: 64 * MiB });
  const ids = Array.from({ length: 10 }, (_, index) => `bloat-${index}`);
  await holders.start(Object.fromEntries(ids.map((id) => [id, { group: 'bloat', mib: 2 }])));
  // By the policy this one would be the first to die.
  await holders.start({ chill: { group: 'chill', mib: 2, retriable: true } });

  for (const id of ids) holders.get(id).tell('16');
  const settled = (id: string): boolean => pool.exits.some((exit) => exit.id === id) || holders.get(id).lines.all.length === 2;
  await until('each to hold its memory, or to be dead', () => ids.every(settled));
  await until('the end of the last round', () => pool.reliefs.flatMap(({ victims }) => victims).length === pool.exits.length);

  // Sixty-four hold three of eighteen.
  expect(pool.exits.length).toBeGreaterThanOrEqual(7);
  for (const exit of pool.exits) expect(exit).toMatchObject({ id: expect.stringMatching(/^bloat-/) as string, cause: 'spillway', blame: 'group-limit', retryHint: 'elsewhere' });
  for (const report of pool.reliefs) expect(report).toMatchObject({ outcome: 'relieved', limit: { level: 'group', id: 'bloat' }, after: { short: false } });
  expect(lives(holders.get('chill').worker.pid)).toBe(true);
  expect(pool.supervisor.status()).toMatchObject({ monitor: 'ok', counts: { kernelOomKills: 0 } });
});

test('TEST-55: bloat is to be avoided, so munch dies, although it is smaller (byPriority)', async () => {
  const holders = await hold({}, { limits: { highBytes: 76 * MiB }, policy: byPriority() });
  const { pool } = holders;
  const bloat = await startFamily(pool, 10, 4, { id: 'bloat', priority: 1 });
  await holders.start({ munch: { mib: 4 } });
  // As important as munch and younger; but its death would free next to nothing.
  const chill = await pool.run('sleep', ['1000'], { id: 'chill' });

  bloat.tell('go');
  await until('bloat to hold its memory', () => (bloat.worker.usage()?.anonBytes ?? 0) > 40 * MiB);
  holders.get('munch').tell('grow 1 1');
  const report = await pool.relief(1);

  expect(report).toMatchObject({ outcome: 'relieved', policy: 'byPriority', victims: [{ id: 'munch', died: true }] });
  expect(report.ranking.map(({ id }) => id)).toEqual(['chill', 'munch', 'bloat']);
  const [{ freeableBytes } = { freeableBytes: {} as Record<string, number | null> }] = report.decisions;
  expect(Number(freeableBytes['munch'])).toBeLessThan(Number(freeableBytes['bloat']));
  expect([...bloat.pids, bloat.worker.pid, chill.worker.pid].filter((pid) => !lives(pid))).toEqual([]);
  expect(pool.exits.map(({ id }) => id)).toEqual(['munch']);
});

test('TEST-55: bloat is to be left out, so munch dies, whatever the policy says (protect)', async () => {
  const policy = protect(largestFirst(), ({ labels }) => labels?.['preference'] === 'omit');
  const holders = await hold({}, { limits: { highBytes: 76 * MiB }, policy });
  const { pool } = holders;
  const bloat = await startFamily(pool, 10, 4, { id: 'bloat', labels: { preference: 'omit' } });
  await holders.start({ munch: { mib: 4 } });

  bloat.tell('go');
  await until('bloat to hold its memory', () => (bloat.worker.usage()?.anonBytes ?? 0) > 40 * MiB);
  holders.get('munch').tell('grow 1 1');
  const report = await pool.relief(1);

  expect(report).toMatchObject({ outcome: 'relieved', policy: 'protect(largestFirst)', victims: [{ id: 'munch', died: true }] });
  expect(report.ranking.map(({ id }) => id)).toEqual(['munch']);
  expect(report.candidates.map(({ id }) => id).sort()).toEqual(['bloat', 'munch']);
  expect([...bloat.pids, bloat.worker.pid].filter((pid) => !lives(pid))).toEqual([]);
});

test('TEST-55: a unit under a hard cap of 10 MiB still runs', async () => {
  const { pool } = await hold({}, { policy: byStartTime() });
  const capped = await pool.run('perl', ['-e', 'vec($held, 4 * 2**20 - 1, 8) = 1; print "ran\n"'], { memory: { maxBytes: 10 * MiB } });

  await capped.lines.line('ran');
  const exit = await capped.worker.exited;

  expect(exit).toMatchObject({ code: 0, cause: 'exit', retryHint: 'no', counters: { oom_kill: 0 } });
  expect(exit.peakBytes).toBeLessThanOrEqual(10 * MiB);
  expect(pool.victims).toEqual([]);
});
