import { cleanRun, runProgram } from '../support/run-program';

const asItShouldBe = { ...cleanRun, stdout: 'as it should be\n' };
const isRoot = process.getuid?.() === 0;

it('start() without permission tells so, and leaves nothing behind', async () => {
  expect(await runProgram('start-limits.cjs', { args: ['permission'] })).toMatchObject(asItShouldBe);
}, 120_000);

it('start() without descriptors fails cleanly at each of its steps', async () => {
  expect(await runProgram('start-limits.cjs', { args: ['descriptors'], under: ['prlimit', '--nofile=80'] })).toMatchObject(asItShouldBe);
}, 120_000);

// Without root the limit would hit node itself, which starts its threads first.
(isRoot ? it : it.skip)('start() where no thread can be started tells so, and leaves nothing behind', async () => {
  expect(await runProgram('start-limits.cjs', { args: ['threads'], under: ['prlimit', '--nproc=1'] })).toMatchObject(asItShouldBe);
}, 120_000);
