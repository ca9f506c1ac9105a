// Figures in README.md and docs/benchmarks.md are those of the results in docs/benchmarks: between the markers
//
//   <!-- figures: KERNEL WORKLOAD -->  and  <!-- /figures -->
//
// stands the table of that storm. Without an option a difference is an error; `--write` writes the tables anew.

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stormTable } from './storm/table.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const documents = ['README.md', 'docs/benchmarks.md'];
const MARKED = /(<!-- figures: (\S+) (\S+) -->\n)([\s\S]*?)(<!-- \/figures -->)/g;

/**
 * @param {string} kernel
 * @param {string} workload
 */
function table(kernel, workload) {
  const path = join(root, `docs/benchmarks/storm-${kernel}.json`);
  /** @type {import('./storm/summary.mjs').Storms} */
  const { storms } = existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : { storms: [] };
  const storm = storms.find((each) => each.workload.name === workload);
  if (storm === undefined) throw new Error(`there is no storm ${workload} in ${path}`);
  return `\n${stormTable(storm)}\n`;
}

for (const document of documents) {
  const path = join(root, document);
  const text = readFileSync(path, 'utf8');
  const right = text.replace(MARKED, (_, begin, kernel, workload, _old, end) => `${begin}${table(kernel, workload)}${end}`);
  if (right === text) continue;
  if (process.argv.includes('--write')) {
    writeFileSync(path, right);
  } else {
    console.error(`${document}: figures differ from those in docs/benchmarks. "node scripts/check-figures.mjs --write" writes them anew.`);
    process.exitCode = 1;
  }
}
