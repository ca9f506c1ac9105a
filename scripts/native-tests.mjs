import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { ensurePackages } from './lib/packages.mjs';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const JOBS = '2';

/** @type {Record<string, { cmake: string[]; environment: Record<string, string> }>} */
const FLAVOURS = {
  plain: { cmake: ['-DCMAKE_BUILD_TYPE=RelWithDebInfo'], environment: {} },
  'address,undefined': {
    cmake: ['-DCMAKE_BUILD_TYPE=None', '-DCMAKE_CXX_FLAGS=-O1 -g1', '-DSPILLWAY_SANITIZE=address,undefined'],
    environment: {
      ASAN_OPTIONS: 'detect_leaks=1:strict_string_checks=1:detect_stack_use_after_return=1',
      UBSAN_OPTIONS: 'print_stacktrace=1',
    },
  },
  thread: {
    cmake: ['-DCMAKE_BUILD_TYPE=None', '-DCMAKE_CXX_FLAGS=-O1 -g1', '-DSPILLWAY_SANITIZE=thread'],
    environment: { TSAN_OPTIONS: 'second_deadlock_stack=1' },
  },
};

/**
 * Runs a command to its end; its output goes where ours goes.
 * @param {string} command
 * @param {string[]} args
 * @param {Record<string, string>} [environment]
 * @returns {boolean} whether it succeeded
 */
function run(command, args, environment = {}) {
  const { status, error } = spawnSync(command, args, { stdio: 'inherit', env: { ...process.env, ...environment } });
  if (error) console.error(`${command}: ${error.message}`);
  return status === 0;
}

/**
 * Runs ctest; of what it prints, only what is not about passed tests is shown.
 * @param {string} command
 * @param {string[]} args
 * @param {Record<string, string>} environment
 * @returns {boolean} whether it succeeded
 */
function runQuietly(command, args, environment) {
  const { status, stdout, error } = spawnSync(command, args, {
    stdio: ['ignore', 'pipe', 'inherit'], encoding: 'utf8', maxBuffer: Infinity, env: { ...process.env, ...environment },
  });
  if (error) console.error(`${command}: ${error.message}`);
  const lines = (stdout ?? '').split('\n').filter((line) => !/^ *Start +\d+:|^ *\d+\/\d+ Test .* Passed +[\d.]+ sec *$/.test(line));
  console.log(lines.join('\n').trim());
  return status === 0;
}

/**
 * GCC 12's ThreadSanitizer cannot place its shadow memory where the kernel
 * randomizes addresses by more than 28 bits; a container may forbid switching
 * that off, and then may not need it.
 * @returns {string[]}
 */
function withoutAddressRandomization() {
  const setarch = ['setarch', '--addr-no-randomize'];
  return spawnSync('setarch', [...setarch.slice(1), 'true']).status === 0 ? setarch : [];
}

/**
 * What ctest's JUnit file counts; undefined when there is none to read.
 * @param {string} file
 */
function countTests(file) {
  let text;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
  const suite = /<testsuite\b[^>]*>/.exec(text)?.[0];
  if (suite === undefined) return undefined;
  /** @param {string} name */
  const count = (name) => Number(new RegExp(`\\b${name}="(\\d+)"`).exec(suite)?.[1] ?? NaN);
  const failed = count('failures');
  const skipped = count('skipped') + count('disabled');
  return { passed: count('tests') - failed - skipped, failed, skipped };
}

/**
 * Configures, builds and tests one flavour.
 * @param {string} name
 * @returns {{ passed: number; failed: number; skipped: number }}
 */
function testFlavour(name) {
  const flavour = FLAVOURS[name];
  if (flavour === undefined) throw new Error(`Unknown flavour ${JSON.stringify(name)}; there are ${Object.keys(FLAVOURS).join(' and ')}.`);
  const build = join(ROOT, 'build-native', name);
  const results = join(build, 'results.xml');
  mkdirSync(build, { recursive: true });
  rmSync(results, { force: true });
  const began = performance.now();
  const failure = { passed: 0, failed: 1, skipped: 0 };
  if (!run('cmake', ['-S', ROOT, '-B', build, '-G', 'Unix Makefiles', '-DSPILLWAY_TESTS=ON', '-DCMAKE_RULE_MESSAGES=OFF', '--log-level=WARNING', ...flavour.cmake])) return failure;
  if (!run('cmake', ['--build', build, '-j', JOBS, '--target', 'native_tests', 'fuzz_targets', '--', '--no-print-directory', '-s'])) return failure;
  const built = performance.now();

  const prefix = name === 'thread' ? withoutAddressRandomization() : [];
  const ctest = ['ctest', '--test-dir', build, '-j', JOBS, '--output-on-failure', '--no-tests=error', '--output-junit', results];
  const [command = 'ctest', ...args] = [...prefix, ...ctest];
  const succeeded = runQuietly(command, args, flavour.environment);
  const counts = countTests(results) ?? failure;
  // A test program that cannot even be listed is a failure without a test.
  if (!succeeded && counts.failed === 0) counts.failed = 1;
  const seconds = (/** @type {number} */ ms) => `${(ms / 1000).toFixed(1)} s`;
  console.log(`native (${name}): ${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped; built in ${seconds(built - began)}, tested in ${seconds(performance.now() - built)}`);
  return counts;
}

const { values } = parseArgs({ options: { flavour: { type: 'string' } } });
ensurePackages(['cmake', 'make', 'g++', 'libgtest-dev'], 'the native tests');
const all = (values.flavour === undefined ? Object.keys(FLAVOURS) : [values.flavour]).map(testFlavour);
const passed = all.reduce((sum, counts) => sum + counts.passed, 0);
const failed = all.reduce((sum, counts) => sum + counts.failed, 0);
console.log(`native: ${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
