'use strict';

// Compiles lib/ into dist/ when dist/ is missing or older. run-program.ts runs it under a lock.

const { execFileSync } = require('node:child_process');
const { existsSync, readdirSync, statSync } = require('node:fs');
const { join } = require('node:path');

const root = join(__dirname, '../..');

/** @param {string} folder */
function newest(folder) {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => statSync(join(folder, name)).mtimeMs)
    .reduce((latest, time) => Math.max(latest, time), 0);
}

const built = join(root, 'dist/index.js');
if (!existsSync(built) || statSync(built).mtimeMs < newest(join(root, 'lib'))) {
  try {
    execFileSync(process.execPath, [require.resolve('typescript/bin/tsc'), '-p', 'tsconfig.build.json'], { cwd: root, stdio: 'pipe', encoding: 'utf8' });
  } catch (error) {
    // Type errors are the business of `npm run types`; the output is written all the same.
    if (!existsSync(built)) throw error;
  }
}
