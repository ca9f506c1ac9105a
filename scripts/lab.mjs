// Runs a command under a real kernel with cgroup v2: `npm run lab -- --help`.
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';
import { runGuest } from './lab/guest.mjs';
import { guestEnvironment, jobScript } from './lab/job.mjs';
import { ensureKernel, isKernelCached, KERNEL_SERIES } from './lab/kernel.mjs';
import { HELP, parseOptions, UsageError } from './lab/options.mjs';
import { ensurePackages } from './lib/packages.mjs';

const PACKAGES = ['qemu-system-x86', 'busybox-static', 'e2fsprogs', 'xz-utils', 'zstd'];
const REPOSITORY = fileURLToPath(new URL('..', import.meta.url));
const TIMED_OUT = 124;
const LAB_FAILED = 125;

/**
 * @param {string[]} words
 * @returns {Promise<number>} exit status
 */
async function main(words) {
  const options = parseOptions(words);
  if (options.action === 'help') {
    process.stdout.write(HELP);
    return 0;
  }
  if (options.action === 'list') {
    for (const series of KERNEL_SERIES) console.log(`${series}\t${isKernelCached(series) ? 'cached' : 'not cached'}`);
    return 0;
  }
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new Error(`The kernel lab boots this machine's files with an x86-64 Linux kernel, so it needs x86-64 Linux (this is ${process.platform} ${process.arch}).`);
  }
  ensurePackages(PACKAGES, 'the kernel lab');
  if (options.action === 'prepare') {
    for (const series of KERNEL_SERIES) console.error(`lab: ${series} is here: ${ensureKernel(series).release}`);
    return 0;
  }
  return run(options, ensureKernel(options.kernel));
}

/**
 * @param {import('./lab/options.mjs').Options} options
 * @param {import('./lab/kernel.mjs').Kernel} kernel
 */
async function run(options, kernel) {
  const end = new AbortController();
  const limit = setTimeout(() => end.abort(TIMED_OUT), options.timeoutSeconds * 1000);
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) {
    process.on(signal, () => end.abort(128 + constants.signals[signal]));
  }
  // Nobody reads any more (`| head`): what SIGPIPE does to others.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => end.abort(128 + constants.signals.SIGPIPE));

  const { status, tail } = await runGuest({
    ...options,
    kernel,
    job: jobScript(options.command, guestEnvironment(options.env, kernel.release)),
    needed: [process.cwd(), process.execPath, REPOSITORY],
    signal: end.signal,
  });
  clearTimeout(limit);
  if (status !== undefined) return status;
  if (end.signal.aborted && end.signal.reason !== TIMED_OUT) return end.signal.reason;
  console.error(`\nlab: ${end.signal.aborted ? `no end within ${options.timeoutSeconds} s` : 'the guest ended without an exit status'}. Its console ends with:`);
  console.error(tail.trimEnd() || '(nothing)');
  return end.signal.aborted ? TIMED_OUT : LAB_FAILED;
}

main(process.argv.slice(2)).then(
  (status) => { process.exitCode = status; },
  (error) => {
    console.error(`lab: ${error instanceof UsageError || !process.env['SPILLWAY_DEBUG'] ? error.message : error.stack}`);
    process.exitCode = LAB_FAILED;
  },
);
