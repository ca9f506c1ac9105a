// `npm run demo`: sets up all that the demo needs, and runs it where there is a cgroup v2 memory
// controller to write to: on this machine, or in the kernel lab.

import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { KERNEL_SERIES } from './lab/kernel.mjs';
import { hasWritableMemoryController } from './lib/host-cgroup.mjs';
import { ensureBuild, ensureDependencies } from './lib/setup.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const INTERRUPTING = /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP']);

/** The guest is ended after this time; on a slow machine a half takes a minute. */
const DEMO_SECONDS = 300;
const ROUND_SECONDS = 90;

const INTRODUCTION = `Five jobs share a pool of memory, and one of them leaks. You will see who has
to die for it: first with Spillway, then with the kernel's OOM killer alone.
`;

const HELP = `Usage: npm run demo -- [options]

${INTRODUCTION}
The jobs are real processes under a real kernel. Where this machine has no cgroup
v2 memory controller to write to, Debian's kernel is booted in QEMU for them. It
takes a bit more than a minute, and longer the first time, when what is missing is
installed and compiled.

  --rounds N               only the half with Spillway, N times, one line for each
  --only with|without      only this half
  --kernel ${KERNEL_SERIES.join('|')}        in QEMU in any case, with this kernel (default 6.12)
  --help                   print this text

Colours: on a terminal or with FORCE_COLOR=1, never with NO_COLOR=1.

Exit status: 0 when, with Spillway, the kernel killed nobody, the only victim was
the youngest retriable hog, and all other jobs finished; 1 when not; 2 for a wrong
option; 128 + signal after an interruption.
`;

/** A mistake on the command line; its message is all the user needs. */
class UsageError extends Error {}

/** @param {string[]} args */
function parseOptions(args) {
  const { rounds, only, kernel, help } = readOptions(args);
  if (rounds !== undefined && !/^[1-9]\d{0,2}$/.test(rounds)) throw new UsageError(`--rounds must be a whole number from 1 to 999, not "${rounds}".`);
  if (only !== undefined && only !== 'with' && only !== 'without') throw new UsageError(`--only must be "with" or "without", not "${only}".`);
  if (rounds !== undefined && only !== undefined) throw new UsageError('--rounds is about the half with Spillway only, so --only makes no sense with it.');
  if (kernel !== undefined && !KERNEL_SERIES.some((series) => series === kernel)) {
    throw new UsageError(`--kernel must be one of ${KERNEL_SERIES.join(', ')}, not "${kernel}".`);
  }
  return { rounds, only, kernel, help };
}

/** @param {string[]} args */
function readOptions(args) {
  try {
    const text = /** @type {const} */ ({ type: 'string' });
    return parseArgs({ args, options: { rounds: text, only: text, kernel: text, help: { type: 'boolean' } } }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

/** @param {ReturnType<typeof parseOptions>} options */
function commandFor({ rounds, only, kernel }) {
  const demo = [
    ...[process.execPath, join(root, 'examples/demo/main.cjs')],
    ...(rounds === undefined ? [] : ['--rounds', rounds]),
    ...(only === undefined ? [] : ['--only', only]),
  ];
  if (kernel === undefined && hasWritableMemoryController()) return demo;
  const series = kernel ?? '6.12';
  const timeout = DEMO_SECONDS + Number(rounds ?? 0) * ROUND_SECONDS;
  console.error(
    kernel === undefined
      ? `set-up: no writable cgroup v2 memory controller here, so booting Debian's kernel\nset-up: ${series} in QEMU (this takes some seconds)`
      : `set-up: booting Debian's kernel ${series} in QEMU (this takes some seconds)`,
  );
  return [process.execPath, join(root, 'scripts/lab.mjs'), '--kernel', series, '--timeout', String(timeout), '--', ...demo];
}

/** Only we see whether there is a terminal: in the guest all output goes to a pipe. */
function environment() {
  const { FORCE_COLOR, ...others } = process.env;
  // Node warns when both are set.
  if (others['NO_COLOR']) return others;
  const colour = FORCE_COLOR ?? (process.stdout.isTTY ? '1' : undefined);
  return colour === undefined ? others : { ...others, FORCE_COLOR: colour };
}

/**
 * @param {string[]} command
 * @returns {Promise<number>} exit status
 */
function run([file = '', ...args]) {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { cwd: root, stdio: 'inherit', env: environment() });
    // It cleans up and ends; we only wait for it.
    for (const signal of INTERRUPTING) process.on(signal, () => child.kill(signal));
    child.once('error', reject);
    child.once('exit', (code, signal) => resolve(code ?? 128 + (signal ? constants.signals[signal] : 0)));
  });
}

/** @param {string[]} args */
async function main(args) {
  const options = parseOptions(args);
  if (options.help) {
    process.stdout.write(HELP);
    return 0;
  }
  console.log(INTRODUCTION);
  if (process.platform !== 'linux') throw new UsageError(`The demo needs Linux; this is ${process.platform}.`);
  ensureDependencies();
  ensureBuild();
  return run(commandFor(options));
}

main(process.argv.slice(2)).then(
  (status) => { process.exitCode = status; },
  (error) => {
    console.error(`demo: ${error instanceof UsageError || !process.env['SPILLWAY_DEBUG'] ? error.message : error.stack}`);
    process.exitCode = error instanceof UsageError ? 2 : 1;
  },
);
