// `npm test`: everything, on a machine with nothing but Node and a network to the registries.
//
// Each tier is a command; what it counts is taken from its last line "NAME: N passed, N failed", or
// it counts as one test. All tiers run even when one fails.

import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { ensurePackages } from './lib/packages.mjs';
import { ensureBuild, ensureDependencies } from './lib/setup.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const bin = (/** @type {string} */ name) => join('node_modules/.bin', name);

/** @type {{ name: string, command: string[], onRequest?: boolean }[]} */
const tiers = [
  // The same sources by the second build, which also tells clang-tidy how they are compiled.
  { name: 'cmake build', command: ['sh', '-c', `${bin('cmake-js')} compile -O build-cmake --log-level error && node -e "require('./build-cmake/Release/spillway.node')"`] },
  { name: 'lint', command: ['node', 'scripts/lint.mjs'] },
  { name: 'types', command: [bin('tsc'), '--noEmit'] },
  { name: 'unit', command: ['node', 'scripts/jest-tier.mjs', 'unit'] },
  { name: 'lifecycle', command: ['node', 'scripts/jest-tier.mjs', 'lifecycle'] },
  { name: 'native', command: ['node', 'scripts/native-tests.mjs'] },
  { name: 'kernel', command: ['node', 'scripts/kernel-tests.mjs'] },
  // Ten million executions; the inputs that were worth keeping are replayed by the native tests.
  { name: 'fuzz', command: ['node', 'scripts/fuzz.mjs'], onRequest: true },
];

/**
 * @param {string[]} command
 * @returns {Promise<{ status: number, passed: number, failed: number }>}
 */
function run([file = '', ...args]) {
  return new Promise((resolve) => {
    const child = spawn(file, args, { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] });
    let tail = '';
    child.stdout.on('data', (/** @type {Buffer} */ chunk) => {
      process.stdout.write(chunk);
      tail = (tail + chunk.toString()).slice(-4096);
    });
    child.on('error', (error) => console.error(error.message));
    child.on('close', (code) => {
      const status = code ?? 1;
      const count = [...tail.matchAll(/^[\w ,.-]+: (\d+) passed, (\d+) failed$/gm)].at(-1);
      const passed = Number(count?.[1] ?? (status === 0 ? 1 : 0));
      const failed = Number(count?.[2] ?? 0);
      // A tier that fails in another way than by its tests has failed all the same.
      resolve({ status, passed, failed: status !== 0 && failed === 0 ? 1 : failed });
    });
  });
}

ensurePackages(['g++', 'make', 'python3', 'cmake'], 'building the native parts');
ensureDependencies();
ensureBuild();

const wanted = process.argv.slice(2);
/** @type {{ name: string, passed: number, failed: number, seconds: number }[]} */
const results = [];
for (const { name, command, onRequest = false } of tiers) {
  if (wanted.length > 0 ? !wanted.includes(name) : onRequest) continue;
  console.log(`\n== ${name} ==`);
  const begin = performance.now();
  const { passed, failed } = await run(command);
  results.push({ name, passed, failed, seconds: Math.round((performance.now() - begin) / 1000) });
}

console.log('\n== all ==');
for (const { name, passed, failed, seconds } of results) {
  console.log(`${failed === 0 ? 'ok  ' : 'FAIL'} ${name.padEnd(12)} ${String(passed).padStart(5)} passed ${String(failed).padStart(3)} failed ${String(seconds).padStart(5)} s`);
}
const sum = (/** @type {'passed' | 'failed'} */ key) => results.reduce((total, result) => total + result[key], 0);
console.log(`${sum('passed')} passed, ${sum('failed')} failed`);
if (sum('failed') > 0 || sum('passed') === 0) process.exitCode = 1;
