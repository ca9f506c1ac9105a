// `npm run bench`: runs the benchmarks, prints a table of each and writes bench-results/NAME.json.
//
//   npm run bench -- [NAME...] [--rounds N] [--kernel 6.1|6.12]
//
//   notice-to-signal   from a shortage to the victim's signal, on a real kernel: on this machine where it
//                      has a cgroup v2 memory controller to write to, or in the kernel lab
//   accounting         what it costs to count buffers, and to tell the status of a thousand components
//   sampling           what a look at a cgroup's memory costs, on this machine, as root
//   limiter            what asking the memory limiter costs while there is room, on this machine

import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { hasWritableMemoryController } from './lib/host-cgroup.mjs';
import { ensureBuild, ensureDependencies } from './lib/setup.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const results = join(root, 'bench-results');

/** @type {Record<string, { rounds: number, needsKernel: boolean, longestRoundSeconds: number }>} */
const benches = {
  'notice-to-signal': { rounds: 50, needsKernel: true, longestRoundSeconds: 20 },
  accounting: { rounds: 30, needsKernel: false, longestRoundSeconds: 20 },
  sampling: { rounds: 10, needsKernel: false, longestRoundSeconds: 20 },
  limiter: { rounds: 20, needsKernel: false, longestRoundSeconds: 5 },
};

/** @typedef {{ name: string, unit: string, count: number, p50: number, p99: number, min: number, max: number }} Spread */
/** @typedef {Spread & { steps?: Spread[] }} Row */
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
  const inLab = bench.needsKernel && (values.kernel !== undefined || !hasWritableMemoryController());
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
  const [basis] = rows;
  const times = (/** @type {Spread} */ { unit, p50, p99, min, max }) => `${p50.toFixed(2)} ${unit} | ${p99.toFixed(2)} | ${min.toFixed(2)} to ${max.toFixed(2)}`;
  console.log(`\n${name}: Linux ${host.kernel}${host.lab ? ' in the kernel lab (software emulation)' : ''}, ${host.cpus} CPUs, Node ${host.node}, ${rounds} rounds of each in turn\n`);
  console.log('| | p50 | p99 | least to most | p50 to the first row |\n|---|---:|---:|---:|---:|');
  for (const { steps = [], ...all } of rows) {
    console.log(`| ${all.name} | ${times(all)} | ${(all.p50 / (basis?.p50 ?? NaN)).toFixed(2)} |`);
    for (const step of steps) console.log(`| - ${step.name} | ${times(step)} | |`);
  }
  for (const note of notes) console.log(`\n${note}`);
}

ensureDependencies();
ensureBuild();
mkdirSync(results, { recursive: true });
for (const [name, bench] of Object.entries(benches)) if (positionals.length === 0 || positionals.includes(name)) run(name, bench);
