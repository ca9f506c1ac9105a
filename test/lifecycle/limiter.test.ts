import { cleanRun, runProgram } from '../support/run-program';
import { trials } from '../support/trials';

const clean = [
  'limiter running',
  'limiter running, with a reader',
  'limiter running at process.exit()',
  'limiter awaited at process.exit()',
  'limiter stopped twice, while calls wait, and again at exit',
  'limiters stopped, then collected',
  'limiters dropped without stop, then collected',
  'limiter samples while JavaScript is blocked',
];

describe.each(clean)('%s', (row) => {
  it.concurrent.each(['main', 'worker'])('ends cleanly in the %s thread', async (where) => {
    expect(await runProgram('row.cjs', { args: [row, where] })).toMatchObject({ ...cleanRun, stdout: '' });
  }, 120_000);
});

const staying = [
  'limiter with keepAlive stays, and exits after stop',
  'limiter with keepAlive and a reader stays, and exits after stop',
  'limiter that is waited for stays until then',
];

describe.each(staying)('%s', (row) => {
  it.concurrent.each(['main', 'worker'])('in the %s thread', async (where) => {
    expect(await runProgram('row.cjs', { args: [row, where] })).toMatchObject({ ...cleanRun, stdout: 'stayed\n' });
  }, 120_000);
});

it('workers terminated while their limiters run, are called and are waited for', async () => {
  const rounds = trials(10, 100);
  const run = await runProgram('limiter-workers.cjs', { args: [rounds], timeLimitMs: 600_000 });
  expect(run).toMatchObject({ ...cleanRun, stdout: `${rounds * 4} workers terminated\n` });
}, 620_000);
