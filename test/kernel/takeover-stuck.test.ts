import { blockSoon, useAnswers } from './support/answers';
import { useDisk } from './support/disk';
import { testOnFrozenDisk, useFrozenDisk } from './support/frozen-disk';
import { stateOf } from './support/process-state';
import { useSupervisors } from './support/supervisors';
import { until } from './support/test-cgroup';
import { taker } from './support/blocked';

const { freeze, thaw } = useFrozenDisk();
const { create } = useSupervisors();
const { file } = useDisk();
const answers = useAnswers();
const takeoverMs = 100;
const victimTimeoutMs = 500;

testOnFrozenDisk('a victim that does not die (state D): the next one dies after victimTimeoutMs, while JavaScript is blocked', async () => {
  const pool = await create({ takeoverMs, victimTimeoutMs });
  const elder = await taker(pool, 16, { id: 'elder' });
  const next = await taker(pool, 20, { id: 'next', retriable: true });
  const stuck = await taker(pool, 20, { id: 'stuck', retriable: true }, 'shared');
  await answers.armedWith(3);
  const path = file('written');
  freeze(path);
  stuck.tell(`write ${path}`);
  await until('it to sleep', () => stateOf(stuck.worker.pid) === 'D');

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

testOnFrozenDisk('a victim that does not die, but whose memory can be taken from it before: nobody else has to die', async () => {
  // In which its memory is taken.
  const pool = await create({ takeoverMs, victimTimeoutMs: 5000 });
  const elder = await taker(pool, 16, { id: 'elder' });
  const next = await taker(pool, 16, { id: 'next', retriable: true });
  const stuck = await taker(pool, 24, { id: 'stuck', retriable: true });
  await answers.armedWith(3);
  const path = file('written');
  freeze(path);
  stuck.tell(`write ${path}`);
  await until('it to sleep', () => stateOf(stuck.worker.pid) === 'D');

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
