import { cleanRun, runProgram } from '../support/run-program';
import { trials } from '../support/trials';

it('workers terminated while events flow, several at once, in every phase of their life', async () => {
  const rounds = trials(10, 200);
  const run = await runProgram('workers.cjs', { args: ['terminate', rounds], timeLimitMs: 600_000 });
  expect(run).toMatchObject({ ...cleanRun, stdout: `${rounds} rounds, ${rounds * 5} workers terminated\n` });
}, 620_000);

it('the main thread and eight workers share the addon', async () => {
  expect(await runProgram('workers.cjs', { args: ['share'] })).toMatchObject({ ...cleanRun, stdout: 'all heard\n' });
}, 120_000);

it('process.exit() while five workers hear events', async () => {
  expect(await runProgram('workers.cjs', { args: ['exit'] })).toMatchObject(cleanRun);
}, 120_000);

it('a second copy of the package and a copy in another realm work, and know each other’s errors', async () => {
  expect(await runProgram('realm.cjs')).toMatchObject({ ...cleanRun, stdout: 'recognised\n' });
}, 120_000);
