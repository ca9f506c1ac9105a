import { execFileSync } from 'node:child_process';
import { blockSoon, useAnswers } from './support/answers';
import { useDisk } from './support/disk';
import { useSupervisors } from './support/supervisors';
import { taker } from './support/blocked';

let frozen: string | undefined;
/** Who writes to it sleeps until it is thawed, and no signal ends that. */
function freeze(path: string): void {
  frozen = path;
  execFileSync('fsfreeze', ['-f', path]);
}
function thaw(): void {
  if (frozen !== undefined) execFileSync('fsfreeze', ['-u', frozen]);
  frozen = undefined;
}
// Before the supervisors are closed, which wait for their workers.
afterEach(thaw);
const { create } = useSupervisors();
const { file } = useDisk();
const answers = useAnswers();
const takeoverMs = 100;
const victimTimeoutMs = 500;
// Elsewhere it would be a file system that others need.
const inLab = process.env['SPILLWAY_LAB'] === undefined ? test.skip : test;

inLab('a victim that does not die (state D): the next one dies after victimTimeoutMs, while JavaScript is blocked', async () => {
  const pool = await create({ takeoverMs, victimTimeoutMs });
  const elder = await taker(pool, 16, { id: 'elder' });
  const next = await taker(pool, 20, { id: 'next', retriable: true });
  const stuck = await taker(pool, 20, { id: 'stuck', retriable: true }, 'shared');
  await answers.armedWith(3);
  const path = file('written');
  freeze('/scratch');
  stuck.tell(`write ${path}`);

  elder.tell('grow 38');
  await blockSoon(6000);
  const report = await pool.relief(1);

  expect(report).toMatchObject({ outcome: 'relieved', victims: [{ id: 'stuck', by: 'native', died: false }, { id: 'next', by: 'native', died: true }] });
  const [first, second] = answers.kills;
  expect((second?.decidedAtMs ?? 0) - (first?.decidedAtMs ?? 0)).toBeGreaterThanOrEqual(victimTimeoutMs);
  expect(await next.worker.exited).toMatchObject({ cause: 'spillway', reportId: report.reportId });
  expect(elder.worker.process.exitCode).toBeNull();
  expect(stuck.leaf.populated).toBe(true);

  thaw();
  expect(await stuck.worker.exited).toMatchObject({ cause: 'spillway', signal: 'SIGKILL', reportId: report.reportId });
  expect(pool.supervisor.status().counts).toMatchObject({ kills: 2, kernelOomKills: 0 });
  expect(pool.degraded.splice(0)).toMatchObject([{ code: 'ERR_SPILLWAY_STUCK' }]);
});

inLab('a victim that does not die, but whose memory can be taken from it before: nobody else has to die', async () => {
  const pool = await create({ takeoverMs, victimTimeoutMs });
  const elder = await taker(pool, 16, { id: 'elder' });
  const next = await taker(pool, 16, { id: 'next', retriable: true });
  const stuck = await taker(pool, 24, { id: 'stuck', retriable: true });
  await answers.armedWith(3);
  const path = file('written');
  freeze('/scratch');
  stuck.tell(`write ${path}`);

  elder.tell('grow 44');
  await blockSoon(6000);
  const report = await pool.relief(1);

  // By process_mrelease(), as the kernel's OOM reaper does it.
  expect(report).toMatchObject({ outcome: 'relieved', victims: [{ id: 'stuck', by: 'native', died: false }], after: { short: false } });
  expect(stuck.leaf.populated).toBe(true);
  for (const { worker } of [elder, next]) expect(worker.process.exitCode).toBeNull();

  thaw();
  expect(await stuck.worker.exited).toMatchObject({ cause: 'spillway', reportId: report.reportId });
  expect(pool.degraded.splice(0)).toMatchObject([{ code: 'ERR_SPILLWAY_STUCK' }]);
});
