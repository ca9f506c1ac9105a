// `npm run bench:lab`: storms of memory on a real kernel, against Spillway and against what one would use instead.
// Prints a table for each, and writes bench-results/storm-KERNEL.json.
//
//   npm run bench:lab -- [--rounds N] [--kernel 6.1|6.12] [--workload NAME]... [--guard NAME]...
//
// Workloads and guards: scripts/storm/workloads.mjs and guards.mjs. One guest for each workload; what a run does not
// play stays in the file as it was, so a long run can be done in parts.

import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { KERNEL_SERIES } from './lab/kernel.mjs';
import { ensurePackages } from './lib/packages.mjs';
import { ensureBuild, ensureDependencies } from './lib/setup.mjs';
import { guardPrograms } from './storm/guard-programs.mjs';
import { guards, guardsOf } from './storm/guards.mjs';
import { KERNEL_PARAMETERS } from './storm/signals.mjs';
import { summarise } from './storm/summary.mjs';
import { stormTable } from './storm/table.mjs';
import { workloads } from './storm/workloads.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const results = join(root, 'bench-results');

const text = /** @type {const} */ ({ type: 'string' });
const list = /** @type {const} */ ({ type: 'string', multiple: true });
const { values } = parseArgs({ options: { rounds: text, kernel: text, workload: list, guard: list } });
const { rounds = '20', kernel = '6.12', workload: wanted = workloads.map(({ name }) => name), guard: chosen = guards.map(({ name }) => name) } = values;

/**
 * @param {string} what
 * @param {readonly string[]} given
 * @param {readonly string[]} known
 */
function check(what, given, known) {
  const unknown = given.find((name) => !known.includes(name));
  if (unknown !== undefined) refuse(`there is no ${what} ${JSON.stringify(unknown)}; known are ${known.join(', ')}.`);
}

/** @param {string} message */
function refuse(message) {
  console.error(`bench:lab: ${message}`);
  process.exit(2);
}

if (!/^[1-9]\d{0,2}$/.test(rounds)) refuse(`--rounds must be a whole number from 1 to 999, not "${rounds}".`);
check('kernel', [kernel], KERNEL_SERIES);
check('workload', wanted, workloads.map(({ name }) => name));
check('guard', chosen, guards.map(({ name }) => name));

function watcherProgram() {
  ensurePackages(['cmake', 'make', 'g++'], 'the watcher of the storm');
  const build = join(root, 'build-native/bench');
  for (const args of [['-S', root, '-B', build, '-G', 'Unix Makefiles', '-DSPILLWAY_BENCH=ON', '-DCMAKE_BUILD_TYPE=Release'], ['--build', build, '--target', 'storm_watcher']]) {
    execFileSync('cmake', args, { stdio: ['ignore', 'ignore', 'inherit'] });
  }
  return join(build, 'native/bench/storm_watcher');
}

/**
 * @param {import('./storm/workloads.mjs').Workload} workload
 * @param {import('./storm/main.mjs').Order['programs']} programs
 */
async function play(workload, programs) {
  const playing = guardsOf(workload.name).filter(({ name }) => chosen.includes(name));
  if (playing.length === 0) return;
  const file = join(results, `storm-${kernel}-${workload.name}.part.json`);
  rmSync(file, { force: true });
  const order = { workload: workload.name, guards: playing.map(({ name }) => name), rounds: Number(rounds), file, programs };
  // A start of the cast under a busy emulation takes as long again as the storm.
  const roundSeconds = 20 + workload.stormSeconds + workload.cast.reduce((sum, { leadSeconds = 0 }) => sum + 1 + leadSeconds, 0);
  const timeout = Math.ceil(180 + (Number(rounds) + 1) * playing.length * roundSeconds);
  const lab = ['--kernel', kernel, '--timeout', String(timeout), '--share', results, '--cmdline-append', KERNEL_PARAMETERS, '--'];
  const child = spawn(process.execPath, [join(root, 'scripts/lab.mjs'), ...lab, process.execPath, join(root, 'scripts/storm/main.mjs'), JSON.stringify(order)], { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });
  // It cleans up and ends; we only wait for it.
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) process.once(signal, () => child.kill(signal));
  const [status] = await once(child, 'exit');
  if (existsSync(file)) keep(JSON.parse(readFileSync(file, 'utf8')));
  rmSync(file, { force: true });
  if (status !== 0) process.exit(status ?? 1);
}

/** @param {import('./storm/summary.mjs').Raw} raw */
function keep(raw) {
  const path = join(results, `storm-${kernel}.json`);
  /** @type {import('./storm/summary.mjs').Storms} */
  const storms = existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : { storms: [] };
  const storm = summarise(raw);
  const others = storms.storms.filter(({ workload }) => workload.name !== storm.workload.name);
  const inOrder = [...others, storm].sort((a, b) => place(a) - place(b));
  writeFileSync(path, `${JSON.stringify({ storms: inOrder })}\n`);
  console.log(`\n${stormTable(storm)}\nwritten: ${path}`);
}

/** @param {import('./storm/summary.mjs').Storm} storm */
const place = ({ workload }) => workloads.findIndex(({ name }) => name === workload.name);

ensureDependencies();
ensureBuild();
mkdirSync(results, { recursive: true });
const programs = { ...guardPrograms(), watcher: watcherProgram() };
for (const workload of workloads) if (wanted.includes(workload.name)) await play(workload, programs);
