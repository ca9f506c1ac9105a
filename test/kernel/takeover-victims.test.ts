import type { KillPolicy } from '../../lib/policy/types';
import { block, blockSoon, useAnswers } from './support/answers';
import { MiB } from './support/program';
import { useSupervisors, type Started } from './support/supervisors';
import { taker } from './support/blocked';

const { create } = useSupervisors();
const answers = useAnswers();
const takeoverMs = 100;

function hasEnded({ worker: { process } }: Started): boolean {
  return process.exitCode !== null || process.signalCode !== null;
}

test('one victim is not enough: the next ones die one after the other, in the order of the plan, and no more than needed', async () => {
  // Short above 98 MiB, relieved at 68.
  const pool = await create({ takeoverMs, limits: { highBytes: 128 * MiB }, killBufferBytes: 60 * MiB });
  const elder = await taker(pool, 16, { id: 'elder' });
  const young: Started[] = [];
  for (let number = 1; number <= 4; number++) young.push(await taker(pool, 14, { id: `young-${number}`, retriable: true }));
  await answers.armedWith(5);

  elder.tell('30');
  await blockSoon(4000);
  const report = await pool.relief(1);

  const died = report.victims.map(({ id }) => id);
  expect(died).toEqual(['young-4', 'young-3', 'young-2', 'young-1'].slice(0, died.length));
  expect(died.length).toBeGreaterThan(1);
  expect(died.length).toBeLessThan(4);
  expect(report).toMatchObject({ outcome: 'relieved', after: { short: false } });
  for (const victim of report.victims) expect(victim).toMatchObject({ by: 'native', signal: 'SIGKILL', died: true });
  for (const decision of report.decisions) expect(decision.bytesToFree).toBeGreaterThan(decision.dyingBytes);
  // Not before the one before has ended.
  const steps = report.timeline.filter(({ step }) => ['decided', 'signalled', 'exited'].includes(step)).map(({ step, id }) => `${step} ${id ?? ''}`);
  expect(steps).toEqual(died.flatMap((id) => [`decided ${id}`, `signalled ${id}`, `exited ${id}`]));
  expect([elder, ...young].filter(hasEnded)).toHaveLength(died.length);
  expect(pool.supervisor.status().counts).toMatchObject({ kills: died.length, kernelOomKills: 0 });
});

test('small workers are spared while a larger one may die, though the policy would have them die first', async () => {
  const pool = await create({ takeoverMs });
  const large = await taker(pool, 60, { id: 'large' });
  const small: Started[] = [];
  for (let number = 1; number <= 3; number++) small.push(await pool.run('sleep', ['1000'], { id: `small-${number}`, retriable: true }));
  await answers.armedWith(4);

  large.tell('grow 400');
  await blockSoon(3000);
  const report = await pool.relief(1);

  expect(report.ranking.map(({ id }) => id)).toEqual(['small-3', 'small-2', 'small-1', 'large']);
  expect(report.victims).toMatchObject([{ id: 'large', by: 'native', died: true }]);
  expect(small.filter(hasEnded)).toEqual([]);
});

const protecting: KillPolicy = { name: 'protecting', rank: (candidates) => candidates.filter(({ retriable }) => retriable).map(({ id }) => ({ id, reason: 'allowed' })) };

test('a worker that the policy leaves out is never killed, also as the last one', async () => {
  const pool = await create({ takeoverMs, policy: protecting });
  const guarded = await taker(pool, 60, { id: 'guarded' });
  const other = await taker(pool, 8, { id: 'other', retriable: true });
  await answers.armedWith(1);

  guarded.tell('grow 48');
  await blockSoon(4000);

  expect(await other.worker.exited).toMatchObject({ cause: 'spillway' });
  expect(hasEnded(guarded)).toBe(false);
  expect(await pool.relief(1)).toMatchObject({ outcome: 'no-candidate', victims: [{ id: 'other', by: 'native' }], ranking: [{ id: 'other' }] });
  block(2000);
  await new Promise(setImmediate);
  expect(hasEnded(guarded)).toBe(false);
  expect(guarded.leaf.populated).toBe(true);
  expect(pool.victimIds()).toEqual(['other']);
});

test('a rank that was changed just before the block counts', async () => {
  const pool = await create({ takeoverMs });
  const hog = await taker(pool, 40, { id: 'hog', retriable: true });
  const idle = await taker(pool, 24, { id: 'idle' });
  await answers.armedWith(2);

  await answers.rearmed(() => { idle.worker.update({ idle: true }); });
  hog.tell('grow 40');
  await blockSoon(3000);
  const report = await pool.relief(1);

  expect(report.victims).toMatchObject([{ id: 'idle', by: 'native', died: true }]);
  expect(report.victims[0]?.reason).toMatch(/^idle, so no work is lost/);
  expect(hasEnded(hog)).toBe(false);
});

test('a worker that came just before the block is in the plan, one that has ended is not killed', async () => {
  const pool = await create({ takeoverMs });
  const elder = await taker(pool, 40, { id: 'elder', retriable: true });
  const ended = await taker(pool, 8, { id: 'ended', retriable: true });
  await taker(pool, 24, { id: 'newcomer', retriable: true });
  await answers.armedWith(3);

  // It ends while JavaScript is blocked, so nobody takes it out of the plan.
  ended.tell('exit');
  elder.tell('grow 40');
  await blockSoon(3000);
  const report = await pool.relief(1);

  expect(report.victims).toMatchObject([{ id: 'newcomer', by: 'native', died: true }]);
  expect(await ended.worker.exited).toMatchObject({ code: 0, cause: 'exit' });
  expect(hasEnded(elder)).toBe(false);
});
