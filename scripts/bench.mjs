// `npm run bench`: runs the benchmarks, prints a table of each and writes bench-results/NAME.json.
//
//   npm run bench -- [NAME...] [--rounds N] [--kernel 6.1|6.12]
//
//   notice-to-signal   from a shortage to the victim's signal, on a real kernel: on this machine where it
//                      has a cgroup v2 memory controller to write to, or in the kernel lab
//   accounting         what it costs to count buffers, and to tell the status of a thousand components
//   sampling           what a look at a cgroup's memory costs, on this machine, as root
//   limiter            what asking the memory limiter costs while there is room, on this machine
//   notice             from a change of memory.events to the native thread and to JavaScript: of an ordinary
//                      file, or with --kernel of a real one in the kernel lab
//   storm              a million changes as fast as possible
//   watches            what 1 to 10,000 watches cost; with --kernel up to 1,000 in the kernel lab
//   start-stop         to begin and to end watching
//   spawn              through the launcher and as a worker; with --kernel in a cgroup, in the kernel lab
//   ranking            policies beside a plain sort, with 10 to 10,000 candidates
//   takeover           how punctual the native thread is while JavaScript is blocked
//   pools              what it costs to take something warm and to give it back, beside generic-pool and lru-cache

import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { hasWritableMemoryController } from './lib/host-cgroup.mjs';
import { ensureNativeBench } from './lib/native-bench.mjs';
import { ensureBuild, ensureDependencies } from './lib/setup.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const results = join(root, 'bench-results');

/**
 * `kernel`: whether it needs a cgroup v2 memory controller, or only takes one when it is asked to.
 *
 * @type {Record<string, { rounds: number, kernel: 'needed' | 'on request' | 'unused', longestRoundSeconds: number, native?: boolean }>}
 */
const benches = {
  'notice-to-signal': { rounds: 50, kernel: 'needed', longestRoundSeconds: 20 },
  accounting: { rounds: 30, kernel: 'unused', longestRoundSeconds: 20 },
  sampling: { rounds: 10, kernel: 'unused', longestRoundSeconds: 20, native: true },
  limiter: { rounds: 20, kernel: 'unused', longestRoundSeconds: 5 },
  storm: { rounds: 5, kernel: 'unused', longestRoundSeconds: 120, native: true },
  watches: { rounds: 3, kernel: 'on request', longestRoundSeconds: 240 },
  'start-stop': { rounds: 200, kernel: 'unused', longestRoundSeconds: 2 },
  spawn: { rounds: 200, kernel: 'on request', longestRoundSeconds: 5 },
  ranking: { rounds: 50, kernel: 'unused', longestRoundSeconds: 5 },
  takeover: { rounds: 100, kernel: 'unused', longestRoundSeconds: 5 },
  notice: { rounds: 60, kernel: 'on request', longestRoundSeconds: 20, native: true },
  pools: { rounds: 20, kernel: 'unused', longestRoundSeconds: 10 },
};

/** @typedef {{ name: string, unit: string, count: number, p50: number, p99: number, min: number, max: number }} Spread */
/** @typedef {Spread & { basis?: boolean, steps?: Spread[] }} Row `basis`: the rows after it are compared with it */
/** @typedef {{ host: { kernel: string, node: string, cpus: number, lab: boolean }, rows: Row[], notes?: string[] }} Result */

/** @param {string} message */
function refuse(message) {
  console.error(`bench: ${message}`);
  process.exit(2);
}

const { values, positionals } = parseArgs({ options: { rounds: { type: 'string' }, kernel: { type: 'string' } }, allowPositionals: true });
const unknown = positionals.find((name) => !(name in benches));
if (unknown !== undefined) refuse(`there is no ${JSON.stringify(unknown)}; known are ${Object.keys(benches).join(', ')}.`);
if (values.rounds !== undefined && !/^[1-9]\d{0,3}$/.test(values.rounds)) refuse(`--rounds must be a whole number from 1 to 9999, not "${values.rounds}".`);

/**
 * @param {string} name
 * @param {typeof benches[string]} bench
 */
function run(name, bench) {
  const rounds = values.rounds ?? String(bench.rounds);
  const resultFile = join(results, `${name}.json`);
  const measure = [process.execPath, join(root, `scripts/bench/${name}.cjs`), rounds, resultFile];
  const seconds = 120 + Number(rounds) * bench.longestRoundSeconds;
  const lab = [process.execPath, join(root, 'scripts/lab.mjs'), '--kernel', values.kernel ?? '6.12', '--timeout', String(seconds), '--share', results, '--'];
  const asked = values.kernel !== undefined && bench.kernel !== 'unused';
  const inLab = asked || (bench.kernel === 'needed' && !hasWritableMemoryController());
  const [file = '', ...args] = inLab ? [...lab, ...measure] : measure;
  const { status } = spawnSync(file, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });
  if (status !== 0) process.exit(status ?? 1);
  print(name, rounds, JSON.parse(readFileSync(resultFile, 'utf8')));
  console.log(`\nwritten: ${resultFile}`);
}

/**
 * @param {string} name
 * @param {string} rounds
 * @param {Result} result
 */
function print(name, rounds, { host, rows, notes = [] }) {
  const times = (/** @type {Spread} */ { unit, count, p50, p99, min, max }) => `${p50.toFixed(2)} ${unit} | ${p99.toFixed(2)} | ${min.toFixed(2)} to ${max.toFixed(2)} | ${count}`;
  console.log(`\n${name}: Linux ${host.kernel}${host.lab ? ' in the kernel lab (software emulation)' : ''}, ${host.cpus} CPUs, Node ${host.node}, ${rounds} rounds of each in turn\n`);
  const hasSeveral = rows.slice(1).some(({ basis }) => basis);
  console.log(`| | p50 | p99 | least to most | count | p50 to ${hasSeveral ? 'the 1 above' : 'the first row'} |\n|---|---:|---:|---:|---:|---:|`);
  let first = NaN;
  for (const [index, { steps = [], basis = index === 0, ...all }] of rows.entries()) {
    if (basis) first = all.p50;
    // Nothing is so many times 0.
    const ratio = first === 0 ? '' : (all.p50 / first).toFixed(2);
    console.log(`| ${all.name} | ${times(all)} | ${basis ? '1' : ratio} |`);
    for (const step of steps) console.log(`| - ${step.name} | ${times(step)} | |`);
  }
  for (const note of notes) console.log(`\n${note}`);
}

ensureDependencies();
ensureBuild();
const chosen = Object.entries(benches).filter(([name]) => positionals.length === 0 || positionals.includes(name));
if (chosen.some(([, { native }]) => native)) ensureNativeBench();
mkdirSync(results, { recursive: true });
for (const [name, bench] of chosen) run(name, bench);
