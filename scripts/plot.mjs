// plot.mjs [KERNEL...]: takes the results of `npm run bench:lab` (bench-results/storm-KERNEL.json) into the
// documents: copies them to docs/benchmarks, draws docs/pictures, and writes the tables anew.

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { KERNEL_SERIES } from './lab/kernel.mjs';
import { distribution } from './storm/distribution.mjs';
import { render } from './storm/render.mjs';
import { timelines } from './storm/timelines.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const kernels = process.argv.length > 2 ? process.argv.slice(2) : KERNEL_SERIES;

for (const name of ['docs/benchmarks', 'docs/pictures']) mkdirSync(join(root, name), { recursive: true });
for (const kernel of kernels) {
  const results = join(root, `bench-results/storm-${kernel}.json`);
  const cited = join(root, `docs/benchmarks/storm-${kernel}.json`);
  if (existsSync(results)) writeFileSync(cited, readFileSync(results));
  if (!existsSync(cited)) continue;
  /** @type {import('./storm/summary.mjs').Storms} */
  const { storms } = JSON.parse(readFileSync(cited, 'utf8'));
  for (const storm of storms) {
    if (storm.workload.name === 'isolation') continue;
    await draw(`storm-${kernel}-${storm.workload.name}`, timelines(storm));
    if (storm.workload.growing) await draw(`signal-${kernel}-${storm.workload.name}`, distribution(storm));
  }
}
process.exitCode = spawnSync(process.execPath, [join(root, 'scripts/check-figures.mjs'), '--write'], { stdio: 'inherit' }).status ?? 1;

/**
 * @param {string} name
 * @param {import('vega-lite').TopLevelSpec} specification
 */
async function draw(name, specification) {
  const path = join(root, `docs/pictures/${name}.svg`);
  writeFileSync(path, await render(specification));
  console.log(path);
}
