import { cleanRun, runProgram } from '../support/run-program';

async function measure(...args: number[]): Promise<{ ticks: number; wakeUps: number }> {
  const run = await runProgram('idle.cjs', { args });
  expect(run).toMatchObject(cleanRun);
  return JSON.parse(run.stdout) as { ticks: number; wakeUps: number };
}

it('a monitor with nothing to do never wakes its thread', async () => {
  expect(await measure(1, 3_600_000, 2000)).toEqual({ ticks: 0, wakeUps: 0 });
}, 120_000);

it('the safety reads of 200 monitors share one wake-up', async () => {
  const { ticks, wakeUps } = await measure(200, 100, 2000);
  expect(ticks).toBeGreaterThan(0);
  // JavaScript may merge ticks, and a lock that it holds may add a sleep: some for each, not 200.
  expect(wakeUps).toBeGreaterThanOrEqual(ticks - 1);
  expect(wakeUps).toBeLessThanOrEqual(6 * ticks + 10);
}, 120_000);
