import { setTimeout as delay } from 'node:timers/promises';
import { useAnswers } from './support/answers';
import { MiB } from './support/program';
import { useSupervisors } from './support/supervisors';
import { startTaker } from './support/takers';

const { create } = useSupervisors();
const answers = useAnswers();
const takeoverMs = 3000;

test('a pool that was relieved, and fills up to below where it would be short: nobody else dies, when JavaScript has nothing to do either', async () => {
  // No safety read sees the end of the shortage.
  const pool = await create({ takeoverMs, safetyReadMs: 60_000, limits: { highBytes: 96 * MiB }, killBufferBytes: 16 * MiB });
  const elder = await startTaker(pool, { id: 'elder', retriable: true, mib: 40 });
  const young = await startTaker(pool, { id: 'young', retriable: true });
  await answers.armedWith(2);

  young.tell('take 80');
  expect(await pool.relief(1)).toMatchObject({ outcome: 'relieved', victims: [{ id: 'young', died: true }] });
  // Short from 88 MiB on, and until 80.
  await elder.fillTo(0.875);
  await delay(takeoverMs + 1000);

  expect(pool.victimIds()).toEqual(['young']);
  expect(elder.isAlive).toBe(true);
  expect(pool.supervisor.status().monitor).toBe('ok');
});
