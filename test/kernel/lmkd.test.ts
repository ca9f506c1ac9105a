import { byPriority } from '../../lib/policy';
import type { TimelineStep } from '../../lib/supervisor/types';
import { useHolders } from './support/holders';
import { MiB } from './support/program';
import { until } from './support/test-cgroup';

// The two tests of Android's low memory killer. Where it reads importance from oom_score_adj, of which the
// highest dies first, a policy asks for `priority`, of which the lowest does: the one is minus the other.
const { hold } = useHolders();

test('lmkd: eleven children, which all take 1 MiB per millisecond, die in the order of their importance, and none by the kernel', async () => {
  const adjustments = Array.from({ length: 11 }, (_, index) => 1000 - 100 * index);
  const ids = adjustments.map((adj) => `adj-${adj}`);
  // Below `memory.max`, where the kernel would kill: Spillway must be in time for each.
  const holders = await hold({}, { limits: { highBytes: 96 * MiB, maxBytes: 256 * MiB }, policy: byPriority() });
  const { pool } = holders;
  // The least important is the oldest: age plays no part.
  await holders.start(Object.fromEntries(adjustments.map((adj) => [`adj-${adj}`, { mib: 4, priority: -adj, oomScoreAdj: adj }])));

  for (const id of ids) holders.get(id).tell('grow 1 1');
  const exits = await Promise.all(ids.map((id) => holders.get(id).worker.exited));
  await until('the last report', () => pool.reliefs.flatMap(({ victims }) => victims).length === ids.length);

  expect(pool.victimIds()).toEqual(ids);
  expect(pool.exits.map(({ id }) => id)).toEqual(ids);
  for (const exit of exits) expect(exit).toMatchObject({ signal: 'SIGKILL', cause: 'spillway', blame: 'pool', counters: { oom_kill: 0 } });
  expect(pool.supervisor.status().counts).toMatchObject({ kills: 11, kernelOomKills: 0 });
  expect(pool.pool.counter('oom_kill')).toBe(0);
  expect(pool.reliefs.at(-1)).toMatchObject({ outcome: 'relieved', after: { short: false } });
});

test('lmkd: of a child that takes memory in steps of 5 MiB the report tells the kill, and what it freed, and when', async () => {
  const holders = await hold({ child: { mib: 5, priority: -1000 } }, { limits: { highBytes: 128 * MiB }, policy: byPriority() });
  const { pool } = holders;

  holders.get('child').tell('grow 5 1');
  const report = await pool.relief(1);

  holders.expectDeaths(report, ['child']);
  const entry = (step: TimelineStep) => report.timeline.find((each) => each.step === step) ?? { atMs: NaN };
  const [noticed, decided, signalled, exited, freed] = (['noticed', 'decided', 'signalled', 'exited', 'freed'] as const).map(entry);
  const { bytes = NaN, atMs = NaN } = freed as { bytes?: number; atMs?: number };
  for (const each of [decided, signalled, exited, freed]) expect(each).toMatchObject({ id: 'child' });
  expect([noticed, decided, signalled, exited, freed].map((each) => each?.atMs)).toEqual([noticed, decided, signalled, exited, freed].map((each) => each?.atMs).sort((a, b) => Number(a) - Number(b)));
  expect(bytes).toBeGreaterThan(100 * MiB);
  // The kernel counts a little ahead.
  expect(bytes).toBeGreaterThanOrEqual((report.before.usage.pinnedBytes ?? NaN) - (report.after.usage.pinnedBytes ?? NaN) - MiB);
  const tookMs = atMs - (signalled?.atMs ?? NaN);
  console.info(
    `one child in steps of 5 MiB: signalled ${signalled?.atMs.toFixed(1)} ms after the notice, gone after ${exited?.atMs.toFixed(1)} ms, ` +
      `${(bytes / MiB).toFixed(1)} MiB freed in ${tookMs.toFixed(1)} ms, ${(bytes / MiB / tookMs).toFixed(2)} MiB/ms`,
  );
});
