import { byStartTime } from '../../lib/policy';
import type { ReliefReport } from '../../lib/supervisor/types';
import { pinnedIn, retryFlags, useHolders } from './support/holders';
import { expectNobodyToKill } from './support/nobody-to-kill';
import { MiB } from './support/program';
import { TestCgroup, until } from './support/test-cgroup';

// The scenarios of the tests of Ray's "by time" policy, in which Ray's workers are made up; here they are
// processes, and the shortage is a lowered memory.high. Ray's threshold for idle workers, 1 GiB, is
// `idleBytes`, 8 MiB. Workers are started in the order in which they stand.
const { hold } = useHolders();

const retriable = { retriable: true };
const actor = { kind: 'service' } as const;
/** Idle ones that are left alone, and that are not. */
const cold = { idle: true, mib: 5 };
const idle = { idle: true, mib: 12 };
const withIdle = { policy: byStartTime({ idleBytes: '8MiB' }) };

const rankedIds = ({ ranking }: ReliefReport): string[] => ranking.map(({ id }) => id);

test('Ray 3.6.1: an empty pool gives an empty selection', async () => {
  const { pool } = await hold({});
  await expectNobodyToKill(pool);
});

test('Ray 3.6.2: retriable before non-retriable, even when older', async () => {
  const holders = await hold({ 'old retriable': retriable, new: {} });
  const report = await holders.squeeze('old retriable', 'new');
  holders.expectDeaths(report, ['old retriable', 'new']);
});

test('Ray 3.6.3: newer first within a class, three picked, all of them to be retried', async () => {
  const holders = await hold({ t0: retriable, t1: retriable, t2: retriable, t3: retriable });
  const report = await holders.squeeze('t3', 't2', 't1');
  holders.expectDeaths(report, ['t3', 't2', 't1']);
  expect(retryFlags(report)).toEqual([['t3', true], ['t2', true], ['t1', true]]);
  expect(report.victims[0]?.reason).toMatch(/started last of 4 such workers/);
});

test('Ray 3.6.4: newer actor first', async () => {
  const holders = await hold({ old: actor, new: actor });
  const report = await holders.squeeze('new', 'old');
  holders.expectDeaths(report, ['new', 'old']);
});

test('Ray 3.6.5: task before actor, even when older', async () => {
  const holders = await hold({ task: {}, actor });
  const report = await holders.squeeze('task', 'actor');
  holders.expectDeaths(report, ['task', 'actor']);
});

test('Ray 3.6.6: retriable actor before non-retriable task', async () => {
  const holders = await hold({ actor: { ...actor, ...retriable }, task: {} });
  const report = await holders.squeeze('actor', 'task');
  holders.expectDeaths(report, ['actor', 'task']);
});

test('Ray 3.6.7: picks just enough, the newest 3 of 4', async () => {
  const holders = await hold({ t1: {}, t2: {}, t3: {}, t4: {} });
  const report = await holders.squeeze('t4', 't3', 't2');
  holders.expectDeaths(report, ['t4', 't3', 't2']);
  expect(holders.get('t1').worker.usage()?.anonBytes).toBeGreaterThan(12 * MiB);
});

// Ray's flag goes to whoever owns the work. Here the reason says it, and `retryHint` says where to: elsewhere or
// later, which holds for each of them, because others were in the way.
test('Ray 3.6.8: retry flags: busy and retriable, yes; not retriable or idle, no', async () => {
  const holders = await hold({ a: retriable, b: {}, c: idle });
  const report = await holders.squeeze('c', 'a', 'b');
  holders.expectDeaths(report, ['c', 'a', 'b']);
  expect(retryFlags(report)).toEqual([['c', false], ['a', true], ['b', false]]);
  expect(report.victims.map(({ reason }) => reason)).toEqual([
    expect.stringMatching(/^idle, so no work is lost/), expect.stringMatching(/^busy with a task that can be retried/), expect.stringMatching(/^busy with a task that cannot be retried/),
  ]);
});

// Ray selects nobody while any victim lives, for ever if it never dies. Spillway waits too, but only until
// `victimTimeoutMs`, or as here `graceMs`, has passed; in a group, for the pool's victims get no time.
test('Ray 3.6.9: no selection while a victim lives', async () => {
  const holders = await hold({});
  const { pool } = holders;
  await pool.supervisor.group('tenant', { highBytes: 512 * MiB });
  await holders.start({ old: { group: 'tenant', mib: 100 }, new: { group: 'tenant', stays: true, graceMs: 60_000 } });

  // Short by the kill buffer (5 % of its mark), and not over the mark: there the kernel slows the victim down so
  // much that it may not even come to handle the signal.
  const tenant = new TestCgroup(`${pool.pool.directory}/tenant`);
  tenant.write('memory.high', pinnedIn(tenant) + MiB);
  await holders.get('new').lines.line('asked');
  const heard = pool.supervisor.status().counts.shortBreaches;
  await until('the group to be found short again and again', () => pool.supervisor.status().counts.shortBreaches > heard + 3);
  expect(pool.victimIds()).toEqual(['new']);
  expect(pool.exits).toEqual([]);

  holders.get('new').tell('exit');
  const report = await pool.relief(1);
  holders.expectDeaths(report, ['new']);
  expect(report.limit).toEqual({ level: 'group', id: 'tenant' });
  expect(report.timeline.some(({ step }) => step === 'extended')).toBe(true);
});

test('Ray 3.6.10: a new selection after the death', async () => {
  const holders = await hold({ a: {}, b: {} });
  holders.expectDeaths(await holders.squeeze('b'), ['b']);
  holders.expectDeaths(await holders.squeeze('a'), ['a']);
});

test('Ray 3.6.11: an idle worker over the threshold beats one under it', async () => {
  const holders = await hold({ under: cold, over: idle, busy: {} }, withIdle);
  const report = await holders.squeeze('over');
  holders.expectDeaths(report, ['over']);
  expect(rankedIds(report)).toEqual(['over', 'busy', 'under']);
});

test('Ray 3.6.12: two idle over the threshold, both', async () => {
  const holders = await hold({ a: idle, b: { idle: true, mib: 20 }, busy: retriable }, withIdle);
  const report = await holders.squeeze('b', 'a');
  holders.expectDeaths(report, ['b', 'a']);
});

// Ray leaves cold idle workers out. Left out means protected here, and a pool of nothing else would be left
// to the kernel's OOM killer, which picks among everybody. So they come last: the second shortage takes one.
test('Ray 3.6.13: two cold idle under the threshold: neither before anybody else', async () => {
  const holders = await hold({ a: { ...cold, mib: 7 }, b: cold, busy: actor }, withIdle);
  const report = await holders.squeeze('busy');
  holders.expectDeaths(report, ['busy']);
  const next = await holders.squeeze('a');
  holders.expectDeaths(next, ['a']);
  expect(next.victims[0]?.reason).toMatch(/^idle, but below idleBytes \(8 MiB\), so busy workers go first/);
});

// As in 13: the cold one is last instead of missing.
test('Ray 3.6.14: the full mix in order, the cold idle worker last', async () => {
  const holders = await hold({
    'old retriable task': retriable, 'retriable task': retriable, 'retriable actor': { ...actor, ...retriable }, task: {}, actor,
    idle, 'large idle': { idle: true, mib: 16 }, cold,
  }, withIdle);
  const order = ['large idle', 'idle', 'retriable task', 'old retriable task', 'retriable actor', 'task', 'actor'];
  const report = await holders.squeeze(...order);
  holders.expectDeaths(report, order);
  expect(rankedIds(report)).toEqual([...order, 'cold']);
});

test('Ray 3.6.15: the correct amount while skipping cold idle workers', async () => {
  const holders = await hold({ cold, older: {}, old: {}, new: {} }, withIdle);
  const report = await holders.squeeze('new', 'old');
  holders.expectDeaths(report, ['new', 'old']);
  expect(report.decisions.every(({ freeableBytes: { cold } }) => Number(cold) > 5 * MiB)).toBe(true);
});

test('Ray 3.6.16: idle workers by size, the largest first', async () => {
  const holders = await hold({ medium: { idle: true, mib: 16 }, small: { idle: true, mib: 12 }, large: { idle: true, mib: 20 } }, withIdle);
  const report = await holders.squeeze('large', 'medium', 'small');
  holders.expectDeaths(report, ['large', 'medium', 'small']);
});
