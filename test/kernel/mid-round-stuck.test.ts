import type { KillPolicy } from '../../lib/policy/types';
import { useDisk } from './support/disk';
import { sleepOn, testOnFrozenDisk, useFrozenDisk } from './support/frozen-disk';
import { stateOf } from './support/process-state';
import { MiB } from './support/program';
import { useSupervisors, type Supervised } from './support/supervisors';
import { startTaker, type Taker } from './support/takers';
import { until } from './support/test-cgroup';

// A process that writes to a frozen file system sleeps uninterruptibly: killed, it does not die before the thaw.
const { freeze, thaw } = useFrozenDisk();
const { create } = useSupervisors();
const { file } = useDisk();

/** A worker of which nothing can die: the kernel takes the memory of the main process, but not that of its child. */
async function startFamily(pool: Supervised, mib: number): Promise<{ main: Taker; child: number }> {
  const main = await startTaker(pool, { id: 'family', retriable: true });
  main.tell(`child ${mib}`);
  const child = Number((await main.started.lines.starting('child ')).slice('child '.length));
  return { main, child };
}

/** Once, and nothing else. */
function expectStuckTold({ degraded }: Supervised, id: string): void {
  const message = expect.stringMatching(new RegExp(`^Worker ${id} was killed to relieve a limit, and its process \\d+ does not die \\(state D`)) as string;
  expect(degraded.splice(0)).toMatchObject([{ code: 'ERR_SPILLWAY_STUCK', message }]);
}

const onlyRetriable: KillPolicy = { name: 'onlyRetriable', rank: (candidates) => candidates.filter(({ retriable }) => retriable).map(({ id }) => ({ id, reason: 'allowed' })) };

testOnFrozenDisk('a victim that cannot die, but whose memory the kernel takes all the same: nobody dies after it', async () => {
  const pool = await create({ victimTimeoutMs: 5000 });
  const elder = await startTaker(pool, { id: 'elder', retriable: true, mib: 20 });
  const victim = await startTaker(pool, { id: 'victim', retriable: true, mib: 50 });
  const path = file('frozen');
  freeze(path);
  await sleepOn(path, victim);

  elder.tell('take 25');
  const report = await pool.relief(1);

  expect(report).toMatchObject({ outcome: 'relieved', victims: [{ id: 'victim', died: false, stuck: { state: 'D' } }], after: { short: false } });
  expect(report.victims[0]?.stuck?.waitsFor).toMatch(/rwsem|freeze|sb_start/);
  expect(report.timeline.map(({ step }) => step).filter((step) => step !== 'extended')).toEqual(
    ['noticed', 'leased', 'measured', 'decided', 'signalled', 'stuck', 'measured', 'freed', 'ended'],
  );
  expect(report.timeline.find(({ step }) => step === 'freed')?.bytes).toBeGreaterThan(40 * MiB);
  expect(stateOf(victim.pid)).toBe('D');
  thaw();
  expect(await victim.exited).toMatchObject({ signal: 'SIGKILL', cause: 'spillway', blame: 'pool', reportId: report.reportId });
  expectStuckTold(pool, 'victim');
  await elder.says('held 45');
  expect(pool.victimIds()).toEqual(['victim']);
  expect(pool.leaves).toHaveLength(1);
});

testOnFrozenDisk('a victim that cannot die and keeps its memory: the next one dies, for nothing is hoped of the first any more', async () => {
  const pool = await create({ victimTimeoutMs: 5000 });
  const elder = await startTaker(pool, { id: 'elder', mib: 10 });
  const second = await startTaker(pool, { id: 'second', mib: 20 });
  const { main, child } = await startFamily(pool, 35);
  const path = file('frozen');
  freeze(path);
  await sleepOn(path, main, child);

  elder.tell('take 25');
  const report = await pool.relief(1);

  expect(report).toMatchObject({
    outcome: 'relieved',
    victims: [{ id: 'family', died: false, stuck: { state: 'D' } }, { id: 'second', died: true }],
    decisions: [{ victim: 'family', dyingBytes: 0 }, { victim: 'second', dyingBytes: 0 }],
    after: { short: false },
  });
  // The first look weighed all of them; at the second it was dying, and no candidate.
  expect(report.decisions.map(({ freeableBytes }) => Object.keys(freeableBytes).sort())).toEqual([['elder', 'family', 'second'], ['elder', 'second']]);
  expect(pool.supervisor.status().workers.map(({ id, dying }) => [id, dying])).toEqual([['elder', false], ['family', true]]);
  thaw();
  expect(await main.exited).toMatchObject({ signal: 'SIGKILL', cause: 'spillway', reportId: report.reportId });
  expect(await second.exited).toMatchObject({ cause: 'spillway', reportId: report.reportId });
  await elder.says('held 35');
  expect(pool.supervisor.status().counts).toMatchObject({ kills: 2, kernelOomKills: 0 });
  expectStuckTold(pool, 'family');
});

testOnFrozenDisk('with nobody left beside one that cannot die it is said, once, and over when it is thawed', async () => {
  const pool = await create({ victimTimeoutMs: 300, policy: onlyRetriable });
  const guarded = await startTaker(pool, { id: 'guarded', mib: 30 });
  const { main, child } = await startFamily(pool, 40);
  const path = file('frozen');
  freeze(path);
  await sleepOn(path, main, child);

  guarded.tell('take 30');
  const first = await pool.relief(1);
  const { reliefRounds } = pool.supervisor.status().counts;
  await until('more rounds', () => pool.supervisor.status().counts.reliefRounds > reliefRounds + 3);

  expect(first).toMatchObject({ outcome: 'no-candidate', victims: [{ id: 'family', died: false, stuck: { state: 'D' } }], after: { short: true } });
  expect(pool.reliefs.slice(1)).toMatchObject([{ outcome: 'no-candidate', victims: [], candidates: [{ id: 'guarded' }] }]);
  thaw();
  expect(await main.exited).toMatchObject({ cause: 'spillway', reportId: first.reportId });
  expectStuckTold(pool, 'family');
  await until("'clear'", () => pool.supervisor.status().monitor === 'ok');
  await guarded.says('held 60');
  expect(pool.victimIds()).toEqual(['family']);
});

testOnFrozenDisk('while memory of one that is dying already covers the need, nobody else is chosen', async () => {
  const needs: { bytesToFree: number; dyingBytes: number }[] = [];
  const watching: KillPolicy = { name: 'watching', rank: (candidates, need) => {
    if (need.dyingBytes > 0) needs.push(need);
    return candidates.map(({ id }) => ({ id, reason: 'the next one' }));
  } };
  const pool = await create({ victimTimeoutMs: 60_000, policy: watching });
  const other = await startTaker(pool, { id: 'other', retriable: true, mib: 30 });
  const { main, child } = await startFamily(pool, 40);
  const path = file('frozen');
  freeze(path);
  await sleepOn(path, main, child);

  main.started.worker.kill();
  other.tell('take 30');
  await until('a decision', () => needs.length > 0);
  // A breach more, of which the round does not make more either.
  const heard = pool.breaches.length;
  await until('another breach', () => pool.breaches.length > heard);
  thaw();
  await other.says('held 60');
  await until('the end of the round', () => pool.supervisor.accepting);

  expect(needs[0]?.dyingBytes).toBeGreaterThan(40 * MiB);
  expect(needs[0]?.bytesToFree).toBeLessThan(40 * MiB);
  expect(await main.exited).toMatchObject({ signal: 'SIGKILL', cause: 'signal' });
  expect(pool.victims).toEqual([]);
  expect(pool.supervisor.status().counts.kills).toBe(0);
});

testOnFrozenDisk('a breach while a victim is dying extends the round, and is no second one', async () => {
  const pool = await create({ victimTimeoutMs: 60_000 });
  const other = await startTaker(pool, { id: 'other', mib: 30 });
  const { main, child } = await startFamily(pool, 40);
  const path = file('frozen');
  freeze(path);
  await sleepOn(path, main, child);

  other.tell('take 30');
  await until('the victim', () => pool.victims.length > 0);
  const heard = pool.breaches.length;
  await until('another breach', () => pool.breaches.length > heard);
  thaw();
  const report = await pool.relief(1);

  expect(report).toMatchObject({ outcome: 'relieved', victims: [{ id: 'family', died: true }] });
  const steps = report.timeline.map(({ step }) => step);
  expect(steps.slice(steps.indexOf('signalled'), steps.indexOf('exited'))).toEqual(['signalled', 'extended']);
  await other.says('held 60');
  expect(pool.reliefs).toEqual([report]);
  expect(pool.supervisor.status().counts).toMatchObject({ kills: 1 });
});

testOnFrozenDisk('close() while a victim cannot die: the round ends, and close() does when the victim has', async () => {
  const pool = await create({ victimTimeoutMs: 300 });
  const other = await startTaker(pool, { id: 'other', mib: 30 });
  const { main, child } = await startFamily(pool, 40);
  const path = file('frozen');
  freeze(path);
  await sleepOn(path, main, child);
  let closed: Promise<void> | undefined;
  pool.supervisor.once('victim', () => { closed = pool.supervisor.close(); });

  other.tell('take 30');
  const report = await pool.relief(1);
  expect(await other.exited).toMatchObject({ cause: 'closed' });

  expect(report).toMatchObject({ outcome: 'closed', victims: [{ id: 'family', died: false, stuck: { state: 'D' } }] });
  expectStuckTold(pool, 'family');
  expect(stateOf(main.pid)).toBe('D');
  expect(pool.pool.exists).toBe(true);
  thaw();
  await closed;
  // It was named as a victim, and then closed with all others.
  expect(['spillway', 'closed']).toContain((await main.exited).cause);
  expect(pool.pool.exists).toBe(false);
});
