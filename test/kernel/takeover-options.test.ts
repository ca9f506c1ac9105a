import { close as closeInspector, open as openInspector, url } from 'node:inspector';
import { blockSoon, delayOf, useAnswers } from './support/answers';
import { useSupervisors, type Started, type Supervised } from './support/supervisors';
import { taker } from './support/blocked';

afterEach(() => {
  if (url() !== undefined) closeInspector();
});
const { create } = useSupervisors();
const answers = useAnswers();

/** A worker at more than half of the mark, so that its plan is looked at again and again. */
function large(pool: Supervised): Promise<Started> {
  return taker(pool, 60, { id: 'hog', retriable: true });
}

async function growWhileBlocked({ tell }: Started): Promise<void> {
  tell('grow 400');
  await blockSoon(5000);
}

test('takeoverMs 0: the native thread acts at once, whatever JavaScript does', async () => {
  const pool = await create({ takeoverMs: 0 });
  const hog = await large(pool);
  await answers.armedWith(1);

  hog.tell('grow 400');
  const report = await pool.relief(1);

  expect(report).toMatchObject({ outcome: 'relieved', victims: [{ id: 'hog', by: 'native', died: true }] });
  expect(await hog.worker.exited).toMatchObject({ cause: 'spillway', blame: 'pool', reportId: report.reportId });
  expect(pool.supervisor.status().counts).toMatchObject({ kills: 1, kernelOomKills: 0 });
  console.log(`notice to signal with takeoverMs 0: ${answers.kills.map(delayOf).join(' ')} ms`);
});

test('takeoverMs Infinity: the native thread never acts; JavaScript kills when it wakes', async () => {
  const pool = await create({ takeoverMs: Infinity });
  const hog = await large(pool);

  await growWhileBlocked(hog);
  expect(hog.leaf.populated).toBe(true);
  const report = await pool.relief(1);

  expect(report).toMatchObject({ outcome: 'relieved', victims: [{ id: 'hog', by: 'javascript', died: true }] });
  expect(await hog.worker.exited).toMatchObject({ cause: 'spillway', reportId: report.reportId });
});

test.each([
  ['a small pool, whose plan nothing else would have touched', 4],
  ['a pool that is more than half full', 60],
])('an inspector opened later, %s: the native thread does not act; closed again, it does', async (_, mib) => {
  const pool = await create({ takeoverMs: 100 });
  const hog = await taker(pool, mib, { id: 'hog', retriable: true });
  await answers.armedWith(1);

  openInspector(0);
  await answers.disarmed();
  await growWhileBlocked(hog);
  expect(hog.leaf.populated).toBe(true);
  const report = await pool.relief(1);
  expect(report).toMatchObject({ outcome: 'relieved', victims: [{ id: 'hog', by: 'javascript' }] });
  await hog.worker.exited;

  const next = await taker(pool, mib, { id: 'next', retriable: true });
  await answers.rearmed(() => { closeInspector(); });
  await growWhileBlocked(next);
  expect(await pool.relief(2)).toMatchObject({ outcome: 'relieved', victims: [{ id: 'next', by: 'native' }] });
});

test('takeoverUnderInspector: the native thread acts with an inspector open, too', async () => {
  const pool = await create({ takeoverMs: 100, takeoverUnderInspector: true });
  openInspector(0);
  const hog = await large(pool);
  await answers.armedWith(1);

  await growWhileBlocked(hog);

  expect(await pool.relief(1)).toMatchObject({ outcome: 'relieved', victims: [{ id: 'hog', by: 'native', died: true }] });
});

test('dryRun: nobody is signalled in a pool that is more than half full, also while JavaScript is blocked', async () => {
  const pool = await create({ takeoverMs: 100, dryRun: true });
  const hog = await large(pool);
  // In which a plan would be armed.
  await new Promise((resolve) => setTimeout(resolve, 1000));

  await growWhileBlocked(hog);
  const report = await pool.relief(1);

  expect(report).toMatchObject({ outcome: 'dry-run', dryRun: true, victims: [{ id: 'hog', by: 'javascript', died: false }] });
  expect(hog.leaf.populated).toBe(true);
  expect(hog.worker.process.exitCode).toBeNull();
  expect(pool.supervisor.status().counts).toMatchObject({ kills: 0, kernelOomKills: 0 });
});
