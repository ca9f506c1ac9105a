// Figures in README.md and docs/benchmarks.md are those of the results in docs/benchmarks. Between the markers
//
//   <!-- figures: KERNEL WORKLOAD table|timeline|signal -->  and  <!-- /figures -->
//
// stands what the results of that storm say, and nothing where there are none. Without an option a difference is an
// error; `--write` writes them anew.

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stormTable } from './storm/table.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const documents = ['README.md', 'docs/benchmarks.md'];
const MARKED = /(<!-- figures: (\S+) (\S+) (table|timeline|signal) -->\n)([\s\S]*?)(<!-- \/figures -->)/g;

/**
 * @param {string} document
 * @param {string} kernel
 * @param {string} workload
 * @param {string} what
 */
function figures(document, kernel, workload, what) {
  const path = join(root, `docs/benchmarks/storm-${kernel}.json`);
  /** @type {import('./storm/summary.mjs').Storms} */
  const { storms } = existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : { storms: [] };
  const storm = storms.find((each) => each.workload.name === workload);
  if (storm === undefined) return '';
  if (what === 'table') return `\n${stormTable(storm)}\n`;
  const picture = relative(dirname(document), `docs/pictures/${what === 'timeline' ? 'storm' : 'signal'}-${kernel}-${workload}.svg`);
  return `\n![${what === 'timeline' ? 'A storm under each guard' : 'From shortage to signal'}: ${storm.workload.title}](${picture})\n\n`;
}

for (const document of documents) {
  const path = join(root, document);
  const text = readFileSync(path, 'utf8');
  const right = text.replace(MARKED, (_, begin, kernel, workload, what, _old, end) => `${begin}${figures(document, kernel, workload, what)}${end}`);
  if (right === text) continue;
  if (process.argv.includes('--write')) {
    writeFileSync(path, right);
  } else {
    console.error(`${document}: figures differ from those in docs/benchmarks. "node scripts/check-figures.mjs --write" writes them anew.`);
    process.exitCode = 1;
  }
}
