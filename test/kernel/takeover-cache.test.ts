import { trials } from '../support/trials';
import { block, useAnswers } from './support/answers';
import { useDisk } from './support/disk';
import { MiB } from './support/program';
import { useSupervisors } from './support/supervisors';
import { taker } from './support/blocked';

const { create } = useSupervisors();
const { file } = useDisk();
const answers = useAnswers();
const rounds = trials(2, 20);

test(`JavaScript blocked for 5 s beside a worker that reads files bigger than the mark, ${rounds} rounds: nobody dies`, async () => {
  const pool = await create({ takeoverMs: 100, limits: { highBytes: 64 * MiB } });
  const neighbour = await taker(pool, 8, { id: 'neighbour', retriable: true });
  const reader = await pool.start('reader', [file('big'), 96], { id: 'reader', retriable: true });
  await reader.lines.line('pass 1');
  await answers.armedWith(2);

  const high = () => pool.pool.counter('high', 'memory.events.local');
  const counted: number[] = [];
  for (let round = 1; round <= rounds; round++) {
    const before = high();
    block(5000);
    counted.push(high() - before);
    // What the native thread has done meanwhile is heard in this turn.
    await reader.lines.line(`pass ${reader.lines.all.length + 1}`);
    expect(pool.exits).toEqual([]);
  }

  console.log(`high events per 5 s of blocked JavaScript, page cache at the mark: ${counted.join(' ')}`);
  expect(Math.min(...counted)).toBeGreaterThan(0);
  expect(pool.victims).toEqual([]);
  expect(pool.reliefs).toEqual([]);
  expect(pool.supervisor.status().counts).toMatchObject({ kills: 0, shortBreaches: 0, kernelOomKills: 0 });
  expect(neighbour.worker.process.exitCode).toBeNull();
}, rounds * 60_000);

test('JavaScript blocked while a hog grows beside such a worker: the native thread kills the hog, and the reader lives', async () => {
  // With the default buffer page cache keeps a throttled hog out of the shortage for seconds.
  const pool = await create({ takeoverMs: 100, limits: { highBytes: 64 * MiB }, killBufferBytes: 16 * MiB });
  const reader = await pool.start('reader', [file('big'), 96], { id: 'reader' });
  await reader.lines.line('pass 1');
  const hog = await taker(pool, 4, { id: 'hog', retriable: true });
  await answers.armedWith(2);

  hog.tell('grow 400');
  await new Promise(setImmediate);
  block(5000);
  const report = await pool.relief(1);

  expect(report).toMatchObject({ outcome: 'relieved', victims: [{ id: 'hog', by: 'native', died: true }] });
  expect(await hog.worker.exited).toMatchObject({ cause: 'spillway', reportId: report.reportId });
  await reader.lines.line(`pass ${reader.lines.all.length + 1}`);
});
