import type { KillPolicy } from '../../lib/policy';
import type { ReliefReport, Victim } from '../../lib/supervisor/types';
import { hog, MiB, next, pidsOf, runs, until, useSupervisors } from '../support/containment';

const supervising = useSupervisors();
const piped = { stdio: ['ignore', 'pipe', 'inherit'] as ('ignore' | 'pipe' | 'inherit')[] };

it('a pool over its mark: the youngest that is retriable dies, with a report', async () => {
  const supervisor = await supervising.create({ limits: { highBytes: 400 * MiB } });
  const told: Victim[] = [];
  supervisor.on('victim', (victim) => told.push(victim));
  const keeper = await supervisor.spawn(process.execPath, hog(150 * MiB), piped, { id: 'keeper' });
  await pidsOf(keeper);
  const older = await supervisor.spawn(process.execPath, hog(50 * MiB), piped, { id: 'older', retriable: true });
  await pidsOf(older);
  const relief = next(supervisor, 'relief');
  const younger = await supervisor.spawn(process.execPath, hog(200 * MiB), piped, { id: 'younger', retriable: true });
  const report: ReliefReport = await relief;
  expect(report).toMatchObject({
    schemaVersion: 1, limit: { level: 'pool' }, outcome: 'relieved', policy: 'byStartTime', victims: [{ id: 'younger', died: true }],
    breach: { source: 'threshold', basis: 'anon-shmem', thresholdBytes: 400 * MiB, short: true, cgroup: expect.stringContaining('all processes of the pool') as string },
  });
  expect(await younger.exited).toMatchObject({ signal: 'SIGKILL', cause: 'spillway', blame: 'pool', retryHint: 'elsewhere', reportId: report.reportId });
  expect([runs(keeper.pid), runs(older.pid), runs(younger.pid)]).toEqual([true, true, false]);
  expect(told).toEqual([{ ...report.victims[0], died: false }]);
  expect(supervisor.status()).toMatchObject({ counts: { kills: 1 }, pool: { short: false } });
}, 30_000);

it('a group over its mark is relieved alone', async () => {
  const supervisor = await supervising.create();
  await supervisor.group('small', { highBytes: 120 * MiB });
  const other = await supervisor.spawn(process.execPath, hog(150 * MiB), piped, { id: 'other', retriable: true, group: 'large' });
  await pidsOf(other);
  const relief = next(supervisor, 'relief');
  const worker = await supervisor.spawn(process.execPath, hog(150 * MiB), piped, { group: 'small' });
  expect(await relief).toMatchObject({ limit: { level: 'group', id: 'small' }, outcome: 'relieved', breach: { cgroup: 'the processes of the group small' } });
  expect(await worker.exited).toMatchObject({ cause: 'spillway', blame: 'group-limit', retryHint: 'elsewhere' });
  expect(runs(other.pid)).toBe(true);
}, 30_000);

it.each(['highBytes', 'maxBytes'] as const)('a worker over its own %s dies alone, and needs a bigger one', async (limit) => {
  const supervisor = await supervising.create();
  const relief = next(supervisor, 'relief');
  const other = await supervisor.spawn('sleep', ['600'], { stdio: 'ignore' }, { retriable: true });
  const worker = await supervisor.spawn(process.execPath, hog(150 * MiB), piped, { id: 'mine', memory: { [limit]: 120 * MiB } });
  expect(await relief).toMatchObject({ limit: { level: 'worker', id: 'mine' }, outcome: 'relieved', victims: [{ id: 'mine', died: true }] });
  expect(await worker.exited).toMatchObject({ cause: 'spillway', blame: 'own-limit', retryHint: 'bigger' });
  expect(runs(other.pid)).toBe(true);
}, 30_000);

it("a group's limits may be lifted again, and set twice at once", async () => {
  const supervisor = await supervising.create();
  await Promise.all([supervisor.group('g', { highBytes: 1 }), supervisor.group('g', { highBytes: '1TiB' })]);
  await supervisor.group('g');
  const worker = await supervisor.spawn('sleep', ['600'], { stdio: 'ignore' }, { group: 'g', retriable: true });
  const looks = next(supervisor, 'breach');
  await supervisor.group('g', { highBytes: 1 });
  expect(await looks).toMatchObject({ cgroup: 'the processes of the group g', limits: { highBytes: 1, maxBytes: Infinity } });
  expect(await worker.exited).toMatchObject({ cause: 'spillway', blame: 'group-limit' });
});

it('a process that two workers hold counts once', async () => {
  const supervisor = await supervising.create();
  const script = `const { spawn } = require('child_process'); spawn(process.execPath, ${JSON.stringify(hog(100 * MiB))}, { stdio: 'inherit' }); setInterval(() => 0, 1e6)`;
  const parent = await supervisor.spawn(process.execPath, ['-e', script], piped);
  const [child = 0] = await pidsOf(parent);
  const adopted = await supervisor.adopt(child);
  await until('both to be seen', () => (parent.usage()?.anonBytes ?? 0) > 100 * MiB);
  const used = supervisor.status().pool?.usage.currentBytes ?? 0;
  expect(used).toBeGreaterThan(100 * MiB);
  expect(used).toBeLessThan(190 * MiB);
  parent.kill();
  await Promise.all([parent.exited, adopted.exited]);
}, 30_000);

it.each<[string, KillPolicy['rank'], string]>([
  ['throws', () => { throw new Error('boom'); }, 'boom'],
  ['names somebody else', () => [{ id: 'nobody', reason: '' }], 'nobody'],
])('a policy that %s is replaced, and the report says so', async (_what, rank, text) => {
  const supervisor = await supervising.create({ policy: { name: 'mine', rank }, limits: { highBytes: 60 * MiB } });
  const relief = next(supervisor, 'relief');
  const worker = await supervisor.spawn(process.execPath, hog(100 * MiB), piped);
  expect(await relief).toMatchObject({ outcome: 'relieved', policy: 'byStartTime', policyError: expect.stringContaining(text) as string });
  expect(await worker.exited).toMatchObject({ cause: 'spillway' });
}, 30_000);

it('closed in the course of a round, by a listener: all end, and nothing comes later', async () => {
  const supervisor = await supervising.create({ limits: { highBytes: 60 * MiB } });
  let closed: Promise<void> | undefined;
  const after: string[] = [];
  supervisor.on('victim', () => void (closed ??= supervisor.close().then(() => {
    for (const name of ['breach', 'victim', 'relief', 'exit'] as const) supervisor.on(name, () => after.push(name));
  })));
  const relief = next(supervisor, 'relief');
  const worker = await supervisor.spawn(process.execPath, hog(100 * MiB), piped);
  expect(await relief).toMatchObject({ outcome: 'closed', victims: [{ id: worker.id, died: true }] });
  await closed;
  expect(await worker.exited).toMatchObject({ cause: 'spillway' });
  expect([after, supervisor.status().monitor]).toEqual([[], 'stopped']);
}, 30_000);
