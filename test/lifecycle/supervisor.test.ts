import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { killMarked } from '../../lib/supervisor/containment/marked-processes';
import { runs } from '../support/containment';
import { runProgram, type Run } from '../support/run-program';

const name = `lifecycle-${process.pid}`;
// Also when a test fails: whatever has the mark goes.
afterEach(async () => {
  await killMarked(name);
});

/** How it ended, what it said then, and who of its workers lives on. */
async function end(task: string): Promise<Run & { left: number[] }> {
  const run = await runProgram('supervisor.cjs', { args: [task, name] });
  const [line = '', ...rest] = run.stdout.split('\n');
  const pids = JSON.parse(line) as number[];
  expect(pids).toHaveLength(6);
  return { ...run, stdout: rest.join('\n'), left: pids.filter(runs) };
}
const locks = (): string[] => readdirSync(tmpdir()).filter((file) => file.endsWith(`-${name}.lock`));

it.each<[string, Partial<Run>]>([
  ['process.exit()', { status: 7, signal: null, stderr: '' }],
  ['an uncaught exception', { status: 1, signal: null, stderr: expect.stringContaining('Error: boom') as string }],
  ['an unhandled rejection', { status: 1, signal: null, stderr: expect.stringContaining('Error: boom') as string }],
  ['a signal that it closes on', { status: null, signal: 'SIGTERM', stderr: '' }],
  ['a signal that it closes on, with grace', { status: null, signal: 'SIGTERM', stdout: 'closed\nclosed\nclosed\n', stderr: '' }],
  ['a signal that it closes on and the program handles', { status: 9, signal: null, stderr: '' }],
  ['close()', { status: 0, signal: null, stderr: '' }],
])('%s: it ends as it should, and no process is left', async (task, run) => {
  expect(await end(task)).toMatchObject({ ...run, left: [] });
  expect(locks()).toEqual([]);
}, 120_000);

describe('in a worker thread', () => {
  it.each([
    ['process.exit()', 7],
    ['an uncaught exception', 1],
    ['close()', 0],
  ])('%s: the thread ends, and nothing is left of its supervisor', async (task, code) => {
    expect(await end(`thread: ${task}`)).toMatchObject({ status: 0, signal: null, stdout: `the thread ended with ${code}\n`, stderr: '', left: [] });
    expect(locks()).toEqual([]);
  }, 120_000);

  it('terminated, which runs no exit handler: the name is free, and the next of that name ends what is left', async () => {
    expect(await end('a terminated thread')).toMatchObject({ status: 0, signal: null, stderr: '', left: [] });
    expect(locks()).toEqual([]);
  }, 120_000);
});
