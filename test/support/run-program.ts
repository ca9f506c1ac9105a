import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const root = join(__dirname, '../..');

let built = false;

/** Makes sure that dist/ is built from the present lib/, once at a time however many tests ask. */
function buildPackage(): void {
  if (built) return;
  built = true;
  execFileSync('flock', [join(root, 'package.json'), process.execPath, join(__dirname, 'build-package.cjs')]);
}

export interface Run {
  status: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

export interface RunOptions {
  args?: readonly (string | number)[];
  /** Command and arguments that start node under some limit, such as `['prlimit', '--nofile=64']`. */
  under?: readonly string[];
  nodeOptions?: readonly string[];
  /** Ends a program that hangs; then `signal` is 'SIGKILL'. */
  timeLimitMs?: number;
}

/** Runs test/lifecycle/programs/NAME to its end, and removes the fixtures that it left. */
export async function runProgram(name: string, options: RunOptions = {}): Promise<Run> {
  buildPackage();
  const { args = [], under = [], nodeOptions = [], timeLimitMs = 60_000 } = options;
  const fixtures = mkdtempSync(join(tmpdir(), 'spillway-program-'));
  chmodSync(fixtures, 0o755); // some programs go on as nobody
  const [command = '', ...rest] = [...under, process.execPath, ...nodeOptions, join(root, 'test/lifecycle/programs', name), ...args.map(String)];
  try {
    return await new Promise<Run>((resolve, reject) => {
      const child = spawn(command, rest, {
        env: { ...process.env, SPILLWAY_FIXTURES: fixtures }, stdio: ['ignore', 'pipe', 'pipe'], timeout: timeLimitMs, killSignal: 'SIGKILL',
      });
      const run = { stdout: '', stderr: '' };
      child.stdout.setEncoding('utf8').on('data', (text: string) => { run.stdout += text; });
      child.stderr.setEncoding('utf8').on('data', (text: string) => { run.stderr += text; });
      child.on('error', reject);
      child.on('close', (status, signal) => { resolve({ status, signal, ...run }); });
    });
  } finally {
    rmSync(fixtures, { recursive: true, force: true });
  }
}

/** Ended by itself, with status 0 and without a word on stderr. */
export const cleanRun = { status: 0, signal: null, stderr: '' };
