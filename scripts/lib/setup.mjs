// What our scripts need before they can begin, on a machine that has Node and nothing else. Imports
// no npm package, because there may be none yet. All messages go to stderr.

import { spawnSync } from 'node:child_process';
import { accessSync, constants, readdirSync, readFileSync, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { ensurePackages } from './packages.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** The commands that node-gyp calls; they are named as their Debian packages. */
const BUILD_TOOLS = ['g++', 'make', 'python3'];

/** Each is made from the native sources, so the oldest tells whether they all are fresh. */
const NATIVE_OUTPUTS = ['build/Release/spillway.node', 'build/Release/spillway-launch'];
const NATIVE_SOURCES = ['native/core', 'native/addon', 'native/launcher', 'binding.gyp'];
const TYPESCRIPT_OUTPUT = 'dist/index.js';
const TYPESCRIPT_SOURCES = ['lib', 'tsconfig.json', 'tsconfig.build.json'];

/**
 * The compiler, make and Python. Whoever has them from elsewhere than Debian is left alone.
 * @throws {Error} with the command to run, when they are missing and may not be installed
 */
export function ensureBuildTools() {
  const missing = BUILD_TOOLS.filter((tool) => !isOnPath(tool));
  if (missing.length > 0) ensurePackages(missing, 'compiling the native part');
}

/**
 * The npm packages that package-lock.json names.
 * @throws {Error} with what npm said, when it fails
 */
export function ensureDependencies() {
  // npm writes this file when all else in node_modules is done.
  if (newestMs(['node_modules/.package-lock.json']) >= newestMs(['package-lock.json'])) return;
  // The install script of this package compiles.
  if (process.platform === 'linux') ensureBuildTools();
  say('installing the npm packages into node_modules (npm ci; may take a minute)');
  // They undo those of an npm that called us: `npm pack --dry-run`, `npm run --omit=dev`, `npm test --silent`.
  const options = ['--no-audit', '--no-fund', '--include=dev', '--dry-run=false', '--global=false', '--loglevel=error'];
  const outcome = run(npm(), ['ci', ...options]);
  if (outcome.status !== 0 && lacksOnlyOptional(outcome.output)) {
    say('package-lock.json lacks packages for other systems, so npm install instead');
    check(run(npm(), ['install', '--no-save', ...options]));
  } else {
    check(outcome);
  }
}

/**
 * A registry may lack the binaries of some package for systems that are not ours. npm install leaves
 * them out of the lock file then, which npm ci takes for an error (https://github.com/npm/cli/issues/9846).
 * @param {string} output of npm ci
 */
function lacksOnlyOptional(output) {
  const missing = [...output.matchAll(/^npm error Missing: (\S+)@\S* from lock file$/gm)].map(([, name]) => name);
  if (missing.length === 0 || /^npm error Invalid: /m.test(output)) return false;
  /** @type {{ packages: Record<string, { optionalDependencies?: Record<string, string> }> }} */
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
  const optional = new Set(Object.values(packages).flatMap((each) => Object.keys(each.optionalDependencies ?? {})));
  return missing.every((name) => name !== undefined && optional.has(name));
}

/**
 * The addon, the launcher and the compiled TypeScript, each only where it is missing or older than
 * its sources. Needs the npm packages.
 * @throws {Error} with what the compiler said, when it fails
 */
export function ensureBuild() {
  if (process.platform === 'linux' && oldestMs(NATIVE_OUTPUTS) < newestMs(NATIVE_SOURCES)) {
    ensureBuildTools();
    say('compiling the native part (scripts/build-native.mjs; may take a minute)');
    check(run([process.execPath], ['scripts/build-native.mjs']));
  }
  if (oldestMs([TYPESCRIPT_OUTPUT]) < newestMs(TYPESCRIPT_SOURCES)) {
    say('compiling the TypeScript (tsc -p tsconfig.build.json)');
    check(run([process.execPath, 'node_modules/typescript/bin/tsc'], ['-p', 'tsconfig.build.json', '--noEmitOnError']));
  }
}

/** @param {string} what */
function say(what) {
  console.error(`set-up: ${what}`);
}

/** npm as it was called, so that a second one on the PATH does not come in; yarn and pnpm are no substitute. */
function npm() {
  const caller = process.env['npm_execpath'];
  return caller?.endsWith('npm-cli.js') ? [process.execPath, caller] : ['npm'];
}

/**
 * Runs a command in the repository, quietly.
 * @param {string[]} command
 * @param {string[]} args
 */
function run([file = '', ...before], args) {
  const { status, signal, error, stdout, stderr } = spawnSync(file, [...before, ...args], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  if (error) throw new Error(`Cannot run ${file}: ${error.message}`, { cause: error });
  return { command: [file, ...before, ...args].join(' '), status, signal, output: `${stdout}${stderr}` };
}

/**
 * Shows what a command said when it failed.
 * @param {ReturnType<typeof run>} outcome
 */
function check({ command, status, signal, output }) {
  if (status !== 0) throw new Error(`${output}\n${command} failed (${signal ?? `exit status ${status}`}). Its messages are above.`);
}

/** @param {string} tool */
function isOnPath(tool) {
  return (process.env['PATH'] ?? '').split(delimiter).some((directory) => {
    try {
      accessSync(join(directory, tool), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/**
 * When the newest file was changed; -Infinity when there is none.
 * @param {readonly string[]} paths in the repository, files or directories
 */
function newestMs(paths) {
  return Math.max(...paths.map((path) => join(root, path)).flatMap((path) => filesBelow(path)).map((file) => modifiedMs(file)));
}

/**
 * When the oldest file was changed; -Infinity when one is missing.
 * @param {readonly string[]} files in the repository
 */
function oldestMs(files) {
  return Math.min(...files.map((file) => modifiedMs(join(root, file))));
}

/** @param {string} file */
function modifiedMs(file) {
  return statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? -Infinity;
}

/**
 * @param {string} path
 * @returns {string[]}
 */
function filesBelow(path) {
  if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) return [path];
  return readdirSync(path).flatMap((name) => filesBelow(join(path, name)));
}
