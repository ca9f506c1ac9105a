// eslint over all TypeScript and JavaScript, clang-format and clang-tidy over all C and C++; figures in documents
// against the results that they cite.

import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { ensurePackages } from './lib/packages.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));

/**
 * @param {string} command
 * @param {string[]} args
 */
function check(command, args) {
  console.log(`lint: ${command}`);
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: 'inherit' });
  if (error) console.error(error.message);
  if (status !== 0) process.exitCode = 1;
}

const sources = readdirSync(join(root, 'native'), { recursive: true, encoding: 'utf8' })
  .map((path) => join('native', path))
  .filter((path) => /\.(c|cc|h)$/.test(path));
const tidied = sources.filter((path) => /^native\/(core|addon|launcher)\/.*\.cc?$/.test(path));

ensurePackages(['clang-format', 'clang-tidy', 'cmake', 'g++', 'make'], 'checking the C++');
check('node_modules/.bin/eslint', ['.']);
check(process.execPath, ['scripts/check-figures.mjs']);
check('clang-format', ['--dry-run', '-Werror', ...sources]);
// How each file is compiled.
if (!existsSync(join(root, 'build-cmake/compile_commands.json'))) check('node_modules/.bin/cmake-js', ['configure', '-O', 'build-cmake', '--log-level', 'error']);
// One process a core: clang-tidy parses node-addon-api anew for each file of the addon.
check('sh', ['-c', `printf '%s\\n' "$@" | xargs -P "$(nproc)" -n 1 clang-tidy -p build-cmake --quiet 2>/dev/null`, 'sh', ...tidied]);
