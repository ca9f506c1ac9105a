import { runApart } from '../support/fixture-pool';

it.each([['process.exit(3)', 3], ["setImmediate(() => { throw new Error('boom') })", 1], ['', 0]])('runs all that is left, also when one throws, at: %s', async (end, code) => {
  const run = runApart(`
    const { atExit } = lib('supervisor/at-exit');
    const listeners = process.listenerCount('exit');
    const gone = atExit(() => console.log('gone'));
    atExit(() => { throw new Error('of one') });
    atExit(() => console.log('ran'));
    gone[Symbol.dispose]();
    gone[Symbol.dispose]();
    console.log(process.listenerCount('exit') - listeners);
    ${end}`);
  const outcome: unknown = await run.catch((error: unknown) => error);
  const stdout = typeof outcome === 'string' ? outcome : (outcome as { stdout: string }).stdout;
  expect([stdout, typeof outcome === 'string' ? 0 : (outcome as { code: number }).code]).toEqual(['1\nran\n', code]);
}, 20_000);
