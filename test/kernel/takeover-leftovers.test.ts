import { blockSoon, useAnswers } from './support/answers';
import { MiB } from './support/program';
import { useSupervisors } from './support/supervisors';
import { startTaker } from './support/takers';

const { create } = useSupervisors();
const answers = useAnswers();
const victimTimeoutMs = 500;

/** At a line it ends, and leaves behind a child that grows for ever. */
const leaver = `
  $| = 1;
  print "ready\\n";
  <STDIN>;
  exit if fork;
  for (;;) { vec($held[@held], (1 << 20) - 1, 8) = 1; select(undef, undef, undef, 0.005) }
`;

test('what a worker leaves behind when it ends by itself grows while JavaScript is blocked: it dies, and nobody else', async () => {
  const pool = await create({ takeoverMs: 100, victimTimeoutMs, limits: { highBytes: 96 * MiB }, killBufferBytes: 16 * MiB });
  const elder = await startTaker(pool, { id: 'elder', retriable: true, mib: 40 });
  const leaving = await pool.run('perl', ['-e', leaver], { id: 'leaver', retriable: true });
  await leaving.lines.line('ready');
  await answers.armedWith(2);

  leaving.tell('leave');
  // So long that it would not be waited for any more, and the elder be chosen.
  await blockSoon(victimTimeoutMs + 5000);

  expect(await leaving.worker.exited).toMatchObject({ code: 0, cause: 'exit' });
  expect(elder.isAlive).toBe(true);
  expect(pool.victimIds()).toEqual([]);
  expect(pool.supervisor.status().counts).toMatchObject({ kills: 0, kernelOomKills: 0 });
});
