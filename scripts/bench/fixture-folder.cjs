'use strict';

const { mkdirSync, mkdtempSync, rmSync, writeFileSync } = require('node:fs');
const { tmpdir } = require('node:os');
const { join } = require('node:path');

const MiB = 2 ** 20;

/** The files of a cgroup that is at its mark, nothing of it can be given back. */
const shortFiles = {
  'memory.events': 'low 0\nhigh 1000000\nmax 0\noom 0\n',
  'memory.current': `${99 * MiB}\n`,
  'memory.high': `${100 * MiB}\n`,
  'memory.max': 'max\n',
  'memory.stat': `anon ${98 * MiB}\nfile 0\ninactive_file 0\nactive_file 0\nslab_reclaimable 0\n`,
  'memory.swap.current': '0\n',
  'memory.swap.max': 'max\n',
};
const files = { ...shortFiles, 'memory.current': `${10 * MiB}\n` };

/** Makes a folder with files, or puts them into one. */
function makeFolder(/** @type {Record<string, string>} */ texts, directory = mkdtempSync(join(tmpdir(), 'spillway-bench-'))) {
  mkdirSync(directory, { recursive: true });
  for (const [name, text] of Object.entries(texts)) writeFileSync(join(directory, name), text);
  return { directory, remove: () => rmSync(directory, { recursive: true, force: true }) };
}

module.exports = { files, makeFolder, shortFiles };
