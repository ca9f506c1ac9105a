// Runs the kernel tier: on each kernel of the lab, or on this machine where its cgroup v2 memory
// controller can be written.
//
//   node scripts/kernel-tests.mjs [--kernel 6.1|6.12] [TEST PATH FILTER...] [-t NAME PATTERN]

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { build as bundle } from 'esbuild';
import { KERNEL_SERIES } from './lab/kernel.mjs';
import { hasWritableMemoryController } from './lib/host-cgroup.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
/** Outside /tmp, which is empty in the guest: what is transformed here need not be transformed there. */
const cache = join(root, 'node_modules/.cache/spillway-kernel-tests');
const counted = process.env['SPILLWAY_TRIALS'] === 'full';
/** Ends a guest that hangs. */
const timeoutSeconds = 3600;

/**
 * One process with one worker: the tests measure memory and count descriptors.
 * @param {string[]} more
 */
function jest(more) {
  return [
    process.execPath, join(root, 'node_modules/jest/bin/jest.js'), '--selectProjects', 'kernel', '--runInBand',
    '--cacheDirectory', cache, '--watchman=false', '--verbose', '--testTimeout=120000',
    // Else jest looks at every file of node_modules, which takes the guest ten seconds.
    ...['lib', 'test/kernel', 'test/support'].flatMap((folder) => ['--roots', join(root, folder)]),
    ...more,
  ];
}

/**
 * @param {string[]} command
 * @param {string | undefined} [prefix] of each line that it prints; `undefined`: it prints nothing
 */
async function run([file = '', ...args], prefix) {
  const output = prefix === undefined ? 'ignore' : 'pipe';
  const child = spawn(file, args, { cwd: root, stdio: ['ignore', output, output] });
  for (const [from, to] of /** @type {const} */ ([[child.stdout, process.stdout], [child.stderr, process.stderr]])) {
    if (from !== null) createInterface(from).on('line', (line) => to.write(`${prefix}${line}\n`));
  }
  const [status] = await once(child, 'close');
  return typeof status === 'number' ? status : 1;
}

/**
 * @param {string} outputFile
 * @returns {{ passed: number, failed: number } | undefined} undefined when there is no whole result
 */
function readCounts(outputFile) {
  try {
    const { numPassedTests, numFailedTests, numFailedTestSuites } = JSON.parse(readFileSync(outputFile, 'utf8'));
    // A suite that cannot even be loaded has no tests to fail.
    return { passed: numPassedTests, failed: Math.max(numFailedTests, numFailedTestSuites) };
  } catch {
    return undefined;
  }
}

/**
 * @param {string} name
 * @param {(command: string[], folder: string) => string[]} place how to run a command there
 * @param {string[]} filters
 */
async function test(name, place, filters) {
  const began = performance.now();
  const folder = mkdtempSync(join(tmpdir(), 'spillway-kernel-tests-'));
  try {
    const outputFile = join(folder, 'result.json');
    const status = await run(place(jest(['--json', `--outputFile=${outputFile}`, ...filters]), folder), `${name} | `);
    const counts = readCounts(outputFile);
    if (counts === undefined) console.error(`kernel ${name}: ended with status ${status} and without a result`);
    const { passed, failed } = counts ?? { passed: 0, failed: 1 };
    // Whatever else went wrong (an open handle, a dead guest) is a failure without a test.
    const total = { passed, failed: status !== 0 && failed === 0 ? 1 : failed };
    console.log(`kernel ${name}: ${total.passed} passed, ${total.failed} failed`);
    console.error(`(in ${Math.round((performance.now() - began) / 1000)} s)`);
    return total;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const { values, positionals } = parseArgs({
  options: { kernel: { type: 'string' }, testNamePattern: { type: 'string', short: 't' } },
  allowPositionals: true,
});
const { kernel, testNamePattern } = values;
const filters = [...positionals, ...(testNamePattern === undefined ? [] : ['-t', testNamePattern])];

// Programs of the tests use the package as its users do, but for its form: in the guest a process needs a
// second to read and compile its three hundred files, and half of that when they are one.
if (await run([process.execPath, join(root, 'node_modules/typescript/bin/tsc'), '-p', 'tsconfig.build.json'], '') !== 0) process.exit(1);
await bundle({
  entryPoints: { index: join(root, 'dist/index.js'), pool: join(root, 'dist/pool/index.js') },
  // As deep below the root as dist/: the package finds its native part from there.
  outdir: join(root, 'build-bundle'),
  bundle: true, platform: 'node', target: 'node20', external: ['node-gyp-build'], logLevel: 'warning',
});

/** @type {{ passed: number, failed: number }[]} */
const results = [];
if (kernel === undefined && hasWritableMemoryController()) {
  results.push(await test('of this machine', (command) => command, filters));
} else {
  const lab = [process.execPath, join(root, 'scripts/lab.mjs')];
  // Two guests that start at once would install the same packages at once.
  if (await run([...lab, '--prepare'], '') !== 0) process.exit(1);
  // Loads every test file and runs none, which fills the cache.
  await run(jest(['-t', '^no test has this name$', ...positionals]));
  const testOn = (/** @type {string} */ series) =>
    test(series, (command, folder) => [...lab, '--kernel', series, '--timeout', String(timeoutSeconds), '--share', folder, '--', ...command], filters);
  const wanted = kernel === undefined ? KERNEL_SERIES : [kernel];
  // A guest keeps one processor busy. Counted trials tell times too, so there they run one by one.
  if (counted) for (const series of wanted) results.push(await testOn(series));
  else results.push(...(await Promise.all(wanted.map(testOn))));
}
const sum = (/** @type {'passed' | 'failed'} */ key) => results.reduce((total, counts) => total + counts[key], 0);
console.log(`kernel: ${sum('passed')} passed, ${sum('failed')} failed`);
process.exitCode = sum('failed') > 0 || sum('passed') === 0 ? 1 : 0;
