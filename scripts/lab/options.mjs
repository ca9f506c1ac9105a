import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { KERNEL_SERIES } from './kernel.mjs';

export const HELP = `Usage: npm run lab -- [options] COMMAND [ARGUMENT...]

Boots a real Debian kernel in QEMU and runs COMMAND there as root, with this
machine's files (read-only underneath, writable in memory) and in this
directory. Passes on its output and its exit status.

  --kernel ${KERNEL_SERIES.join('|')}      which kernel (default 6.12)
  --timeout SECONDS        end the guest after this time (default 600)
  --memory MIB             the guest's memory (default 2048)
  --disk MIB               size of the ext4 disk on /scratch, 0 for none (default 1024)
  --swap MIB               size of a swap disk (default 0: none)
  --env NAME[=VALUE]       set a variable, or pass ours on; may be repeated
  --share DIR              mount this directory writable; may be repeated
  --cmdline-append STRING  more kernel parameters
  --console                show the guest's console on stderr
  --list                   print the kernels and whether they are here already
  --prepare                download and install all that is needed, then end
  --help                   print this text

Passed on without asking: CI TERM COLUMNS LINES FORCE_COLOR NO_COLOR
NODE_OPTIONS HOME SPILLWAY_*. In the guest, SPILLWAY_LAB is the kernel's release.

Exit status: the command's (128 + signal if one ended it); 124 after the time
limit; 125 when the lab or the guest failed.
`;

/**
 * @typedef {object} Options
 * @property {'run' | 'help' | 'list' | 'prepare'} action
 * @property {import('./kernel.mjs').KernelSeries} kernel
 * @property {number} timeoutSeconds
 * @property {number} memoryMib
 * @property {number} diskMib
 * @property {number} swapMib
 * @property {string[]} env
 * @property {string[]} shares absolute paths
 * @property {string[]} kernelParameters
 * @property {boolean} showConsole
 * @property {string[]} command
 */

/** A mistake on the command line; its message is all the user needs. */
export class UsageError extends Error {}

/** @type {Record<string, (options: Options, value: string) => void>} */
const WITH_VALUE = {
  '--kernel': (options, value) => {
    const kernel = KERNEL_SERIES.find((series) => series === value);
    if (kernel === undefined) throw new UsageError(`--kernel must be one of ${KERNEL_SERIES.join(', ')}, not "${value}".`);
    options.kernel = kernel;
  },
  '--timeout': (options, value) => { options.timeoutSeconds = wholeNumber('--timeout', value, 1); },
  '--memory': (options, value) => { options.memoryMib = wholeNumber('--memory', value, 256); },
  '--disk': (options, value) => { options.diskMib = wholeNumber('--disk', value, 0); },
  '--swap': (options, value) => { options.swapMib = wholeNumber('--swap', value, 0); },
  '--env': (options, value) => { options.env.push(value); },
  '--share': (options, value) => {
    if (!statSync(value, { throwIfNoEntry: false })?.isDirectory()) throw new UsageError(`--share needs a directory that exists, not "${value}".`);
    options.shares.push(resolve(value));
  },
  '--cmdline-append': (options, value) => { options.kernelParameters.push(value); },
};

/** @type {Record<string, (options: Options) => void>} */
const WITHOUT_VALUE = {
  '--console': (options) => { options.showConsole = true; },
  '--list': (options) => { options.action = 'list'; },
  '--prepare': (options) => { options.action = 'prepare'; },
  '--help': (options) => { options.action = 'help'; },
};

/**
 * Options end at the first word that is none, so that the command's own reach
 * the command.
 * @param {readonly string[]} words
 * @returns {Options}
 */
export function parseOptions(words) {
  /** @type {Options} */
  const options = {
    action: 'run', kernel: '6.12', timeoutSeconds: 600, memoryMib: 2048, diskMib: 1024, swapMib: 0,
    env: [], shares: [], kernelParameters: [], showConsole: false, command: [],
  };
  const rest = [...words];
  while (rest[0]?.startsWith('--')) {
    const word = /** @type {string} */ (rest.shift());
    if (word === '--') break;
    const [, name = word, inline] = /^([^=]+)=([\s\S]*)$/.exec(word) ?? [];
    if (name in WITHOUT_VALUE && inline === undefined) {
      WITHOUT_VALUE[name]?.(options);
      continue;
    }
    const set = WITH_VALUE[name];
    if (set === undefined) throw new UsageError(`Unknown option ${word}. "npm run lab -- --help" lists them all.`);
    const value = inline ?? rest.shift();
    if (value === undefined) throw new UsageError(`${name} needs a value.`);
    set(options, value);
  }
  options.command = rest;
  if (options.action === 'run' && rest.length === 0) throw new UsageError('Name a command to run. "npm run lab -- --help" tells more.');
  return options;
}

/**
 * @param {string} name
 * @param {string} value
 * @param {number} least
 */
function wholeNumber(name, value, least) {
  const number = /^\d+$/.test(value) ? Number(value) : NaN;
  if (!(number >= least && number <= 1e6)) throw new UsageError(`${name} must be a whole number from ${least}, not "${value}".`);
  return number;
}
