import { useSupervisors } from './support/supervisors';
import { startTaker } from './support/takers';

const { create } = useSupervisors();

test('with takeoverMs Infinity a shortage waits for JavaScript, however long that is blocked', async () => {
  const pool = await create({ takeoverMs: Infinity });
  const elder = await startTaker(pool, { id: 'elder', mib: 20 });
  const young = await startTaker(pool, { id: 'young', retriable: true, mib: 40 });
  pool.supervisor.once('victim', () => {
    // In mid-round, too.
    block(1000);
    expect(young.isAlive).toBe(true);
  });

  young.tell('take 60');
  await new Promise(setImmediate);
  block(2000);
  const report = await pool.relief(1);

  expect(report).toMatchObject({ outcome: 'relieved', victims: [{ id: 'young', by: 'javascript', died: true }], decisions: [{ by: 'javascript' }] });
  expect(elder.isAlive).toBe(true);
});

/** JavaScript does nothing else for so long. */
function block(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}
