import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const root = join(__dirname, '../..');
const program = join(root, 'examples/job-runner/job.cjs');

interface Job {
  id: string;
  command: string[];
  retries?: number;
  memory?: string;
}

let scratch: string;

beforeAll(() => {
  execFileSync('flock', [join(root, 'package.json'), process.execPath, join(root, 'test/support/build-package.cjs')]);
});

beforeEach(() => {
  scratch = mkdtempSync(join(tmpdir(), 'spillway-job-runner-'));
});

afterEach(() => {
  rmSync(scratch, { recursive: true, force: true });
});

/** Known by its last argument to `survivors()`. */
function job(id: string, seconds: number, memoryMib: number, leakMib: number, more: Partial<Job> = {}): Job {
  return { id, command: [process.execPath, program, ...[seconds, memoryMib, leakMib].map(String), scratch], ...more };
}

/** Starts the runner. `onOutput` sees all that it has printed so far. */
function run(jobs: readonly Job[], options: readonly string[], onOutput: (stdout: string, runner: ReturnType<typeof spawn>) => void = () => undefined) {
  const file = join(scratch, 'jobs.jsonl');
  writeFileSync(file, jobs.map((each) => `${JSON.stringify(each)}\n`).join(''));
  const main = join(root, 'examples/job-runner/main.cjs');
  const args = ['--no-warnings', main, '--name', `job-runner-${process.pid}`, '--logs', join(scratch, 'logs'), '--wait-ms', '10', ...options, file];
  const runner = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'], timeout: 120_000, killSignal: 'SIGKILL' });
  return new Promise<{ status: number | null; signal: NodeJS.Signals | null; stdout: string; stderr: string }>((resolve, reject) => {
    const output = { stdout: '', stderr: '' };
    runner.stdout.setEncoding('utf8').on('data', (text: string) => {
      output.stdout += text;
      onOutput(output.stdout, runner);
    });
    runner.stderr.setEncoding('utf8').on('data', (text: string) => { output.stderr += text; });
    runner.on('error', reject);
    runner.on('close', (status, signal) => { resolve({ status, signal, ...output }); });
  });
}

/** What was told of one job, without times, pids and sizes. */
function told(stdout: string, id: string): string[] {
  const lines = stdout.split('\n').filter((line) => line.split(' ')[1] === id && /^\d{4}-/.test(line));
  return lines.map((line) => line.split(' ').slice(2).join(' ').replace(/, pid \d+| \(peak .*?\)/g, ''));
}

/** Rows of the table: job, what it became, runs. */
function rows(stdout: string): string[][] {
  const table = stdout.slice(stdout.indexOf('\njob ')).trim().split('\n').slice(1);
  return table.map((row) => row.split(/ {2,}/).slice(0, 3));
}

/** Processes of this test that still run. */
function survivors(): string[] {
  const commands = readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map((pid) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
    } catch {
      return ''; // gone
    }
  });
  return commands.filter((command) => command.includes(scratch));
}

it('honest jobs are done; the leaking one is killed, run again as often as allowed, and given up', async () => {
  const honest = ['payroll', 'index', 'thumbs'].map((id) => job(id, 3, 20, 0, { retries: 0 }));
  const { status, signal, stdout, stderr } = await run([...honest, job('leak', 60, 10, 40)], ['--memory', '256MiB', '--losses', '1']);

  expect({ status, signal, stderr }).toEqual({ status: 1, signal: null, stderr: '' });
  expect(stdout.split('\n')[0]).toMatch(/ 4 jobs, 4 at a time, logs in .*, mark 256 MiB; guarantee (kernel$|polling, because: .)/);
  const kill = ['chosen to die: busy with a task that can be retried, the only such worker', 'killed by Spillway: all jobs together were over the mark'];
  expect(told(stdout, 'leak')).toEqual([
    'started: run 1', ...kill, 'again in 0.01 s (loss 1, 1 allowed)',
    'started: run 2', ...kill, expect.stringMatching(/^given up: it was lost 2 times/),
  ]);
  expect(told(stdout, 'payroll')).toEqual(['started: run 1', 'finished']);
  expect(rows(stdout)).toEqual([['payroll', 'done', '1'], ['index', 'done', '1'], ['thumbs', 'done', '1'], ['leak', 'given up', '2']]);
  expect(survivors()).toEqual([]);
}, 130_000);

it('a job over its own limit runs again with a larger one, and then all are done', async () => {
  const { status, stdout } = await run([job('resize', 2, 60, 0, { memory: '40MiB' })], ['--memory', '256MiB']);
  expect(told(stdout, 'resize')).toContain('killed by Spillway: it was over its own limit');
  expect(told(stdout, 'resize')).toContain('again in 0.01 s (limit raised from 40 MiB to 80 MiB)');
  expect(rows(stdout)).toEqual([['resize', 'done', '2']]);
  expect(status).toBe(0);
}, 130_000);

it('failures that have nothing to do with memory, and more jobs than places', async () => {
  const { status, stdout } = await run(
    [
      { id: 'missing', command: ['/no/such/program'] },
      { id: 'fails', command: ['sh', '-c', 'echo oh no >&2; exit 3'], retries: 1 },
      { id: 'once', command: ['false'], retries: 0 },
      { id: 'crashes', command: ['sh', '-c', 'kill -SEGV $$'], retries: 0 },
      { id: 'heap', command: [process.execPath, '--max-old-space-size=20', '-e', 'const all = []; for (;;) all.push({ x: [1, 2, 3] })'] },
      { id: 'much', command: ['sh', '-c', 'head -c 50000000 /dev/zero; head -c 50000000 /dev/zero >&2'] },
    ],
    ['--concurrency', '2'],
  );
  expect(told(stdout, 'missing')[0]).toBe('could not be started: spawn /no/such/program ENOENT');
  expect(told(stdout, 'heap')).toContain('aborted by V8: its heap was full');
  expect(rows(stdout)).toEqual([
    ['missing', 'failed', '1'], ['fails', 'given up', '2'], ['once', 'failed', '1'], ['crashes', 'failed', '1'], ['heap', 'failed', '1'], ['much', 'done', '1'],
  ]);
  expect(status).toBe(1);
  expect(readFileSync(join(scratch, 'logs/fails.log'), 'utf8').match(/oh no/g)).toHaveLength(2);
  expect(readFileSync(join(scratch, 'logs/much.log')).filter((byte) => byte === 0)).toHaveLength(100_000_000);
}, 130_000);

it('SIGTERM in the middle: what becomes of each job is told, nothing is left, and the signal ends the runner', async () => {
  let sent = false;
  const jobs = [job('a', 600, 10, 0), job('b', 600, 10, 0), job('c', 600, 10, 0)];
  const { status, signal, stdout } = await run(jobs, ['--concurrency', '2'], (text, runner) => {
    if (sent || text.match(/ started: /g)?.length !== 2) return;
    sent = true;
    runner.kill('SIGTERM');
  });
  expect({ status, signal }).toEqual({ status: null, signal: 'SIGTERM' });
  expect(rows(stdout)).toEqual([['a', 'stopped', '1'], ['b', 'stopped', '1'], ['c', 'stopped', '0']]);
  expect(survivors()).toEqual([]);
}, 130_000);

it('stdout is closed in the middle: the jobs are ended', async () => {
  const { status } = await run([job('a', 600, 10, 0), { id: 'b', command: ['false'], retries: 100 }], [], (text, runner) => {
    if (text.includes('a started:')) runner.stdout?.destroy();
  });
  expect(status).toBe(128 + 13);
  expect(survivors()).toEqual([]);
}, 130_000);

it('a mistake in the jobs is told with its line, and nothing is started', async () => {
  const { status, stdout, stderr } = await run([{ id: 'a', command: ['true'] }, { id: 'a/b', command: ['true'] }], []);
  expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
  expect(stderr).toMatch(/^job-runner: \S+: line 2: "id" must be 1 to 64 letters, digits, _ or -\n$/);
}, 130_000);
