// `npm run bench`: measures where there is a cgroup v2 memory controller to write to - on this machine,
// or in the kernel lab -, prints a table and writes bench-results/notice-to-signal.json.
//
//   npm run bench -- [--rounds N] [--kernel 6.1|6.12]

import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { hasWritableMemoryController } from './lib/host-cgroup.mjs';
import { ensureBuild, ensureDependencies } from './lib/setup.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const results = join(root, 'bench-results');
const resultFile = join(results, 'notice-to-signal.json');
/** In the guest, on a busy machine. */
const longestRoundSeconds = 20;

/** @typedef {{ count: number, p50Ms: number, p99Ms: number, minMs: number, maxMs: number }} Spread */
/** @typedef {Spread & { name: string, steps: (Spread & { step: string })[] }} Row */

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '50' }, kernel: { type: 'string' } } });
const { rounds, kernel } = values;
if (!/^[1-9]\d{0,3}$/.test(rounds)) {
  console.error(`bench: --rounds must be a whole number from 1 to 9999, not "${rounds}".`);
  process.exit(2);
}

ensureDependencies();
ensureBuild();
mkdirSync(results, { recursive: true });
const measure = [process.execPath, join(root, 'scripts/bench/notice-to-signal.cjs'), rounds, resultFile];
const lab = [process.execPath, join(root, 'scripts/lab.mjs'), '--kernel', kernel ?? '6.12', '--timeout', String(120 + Number(rounds) * longestRoundSeconds), '--share', results, '--'];
const [file = '', ...args] = kernel === undefined && hasWritableMemoryController() ? measure : [...lab, ...measure];
const { status } = spawnSync(file, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });
if (status !== 0) process.exit(status ?? 1);

/** @type {{ host: { kernel: string, node: string, cpus: number, lab: boolean }, rows: Row[] }} */
const { host, rows } = JSON.parse(readFileSync(resultFile, 'utf8'));
const [basis] = rows;
/** @param {Spread} spread */
const times = ({ p50Ms, p99Ms, minMs, maxMs }) => `${p50Ms.toFixed(2)} | ${p99Ms.toFixed(2)} | ${minMs.toFixed(2)} to ${maxMs.toFixed(2)}`;
console.log(`Linux ${host.kernel}${host.lab ? ' in the kernel lab (software emulation)' : ''}, ${host.cpus} CPUs, Node ${host.node}, ${rounds} rounds of each in turn; milliseconds\n`);
console.log('| | p50 | p99 | least to most | p50 to the first row |\n|---|---:|---:|---:|---:|');
for (const { name, steps, ...all } of rows) {
  console.log(`| ${name} | ${times(all)} | ${(all.p50Ms / (basis?.p50Ms ?? NaN)).toFixed(2)} |`);
  for (const { step, ...part } of steps) console.log(`| - ${step} | ${times(part)} | |`);
}
console.log(`\nwritten: ${resultFile}`);
