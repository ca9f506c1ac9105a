// Builds the addon and the launcher with node-gyp into build/Release.
//
// node-gyp downloads Node's headers unless it is told where they are; a machine that has no way to
// Node's site still has them beside its node binary.

import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const require = createRequire(import.meta.url);

/** The folder under which `include/node/node_api.h` lies for this node, if it came with its headers. */
export function headersPrefix() {
  const prefix = resolve(dirname(process.execPath), '..');
  return existsSync(join(prefix, 'include/node/node_api.h')) ? prefix : undefined;
}

function nodeGyp() {
  try {
    return [process.execPath, require.resolve('node-gyp/bin/node-gyp.js')];
  } catch {
    // As a dependency: npm puts its own node-gyp on the PATH of install scripts.
    return ['node-gyp'];
  }
}

function alreadyLoads() {
  try {
    require('node-gyp-build')(root);
    return true;
  } catch {
    return false;
  }
}

function build() {
  const [command = 'node-gyp', ...args] = nodeGyp();
  const prefix = headersPrefix();
  const headers = prefix === undefined ? [] : [`--nodedir=${prefix}`];
  const result = spawnSync(command, [...args, 'rebuild', '--jobs', 'max', ...headers], { cwd: root, stdio: 'inherit' });
  if (result.error) throw result.error;
  return result.status ?? 1;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const optional = process.argv.includes('--if-needed');
  const fromSource = process.env['npm_config_build_from_source'] === 'true';
  if (process.platform !== 'linux') {
    console.log('spillway: not Linux, so nothing native to build; isSupported() will be false');
  } else if (!(optional && !fromSource && alreadyLoads())) {
    process.exitCode = build();
  }
}
