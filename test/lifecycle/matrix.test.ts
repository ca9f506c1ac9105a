import { cleanRun, runProgram } from '../support/run-program';

const clean = [
  'loaded only',
  'created',
  'started',
  'event in flight at the natural exit',
  'event in flight at process.exit()',
  'events in flight of a hundred monitors',
  'stop in the callback',
  'throw in the callback, handled',
  'throw in every callback keeps no later event of the report back',
  'process.exit() in the callback',
  'double stop, and again at exit',
  'dropped without stop, then collected',
  'SIGSTOP, SIGCONT, then an event',
  'JavaScript blocked for 2 s while changes come',
  'a child process inherits nothing',
];

// Several at a time: some rows mostly wait.
describe.each(clean)('%s', (row) => {
  it.concurrent.each(['main', 'worker'])('ends cleanly in the %s thread', async (where) => {
    expect(await runProgram('row.cjs', { args: [row, where] })).toMatchObject({ ...cleanRun, stdout: '' });
  }, 120_000);
});

describe.each(['keepAlive stays, and exits after stop', 'keepAlive ends with the removal of the cgroup'])('%s', (row) => {
  it.concurrent.each(['main', 'worker'])('in the %s thread', async (where) => {
    expect(await runProgram('row.cjs', { args: [row, where] })).toMatchObject({ ...cleanRun, stdout: 'stayed\n' });
  }, 120_000);
});

describe('throw in the callback, not handled', () => {
  it.concurrent.each(['main', 'worker'])('ends the %s thread as any uncaught exception does', async (where) => {
    const run = await runProgram('row.cjs', { args: ['throw in the callback, not handled', where] });
    expect(run).toMatchObject({ status: 1, signal: null });
    expect(run.stderr).toContain('Error: boom');
  }, 120_000);
});
