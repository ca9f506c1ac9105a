// Makes what the package ships: the compiled TypeScript, and for this machine's architecture and libc
// the addon and the launcher, so that installing it compiles nothing.

import { execFileSync } from 'node:child_process';
import { copyFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { headersPrefix } from './build-native.mjs';
import { ensureBuildTools, ensureDependencies } from './lib/setup.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));

/**
 * @param {string} tool a binary of node_modules
 * @param {string[]} args
 * @param {NodeJS.ProcessEnv} [env]
 */
function run(tool, args, env = process.env) {
  // Standard output belongs to npm pack, which prints the tarball's name there.
  execFileSync(join(root, 'node_modules/.bin', tool), args, { cwd: root, env, stdio: ['ignore', 2, 2] });
}

ensureBuildTools();
ensureDependencies();

rmSync(join(root, 'dist'), { recursive: true, force: true });
run('tsc', ['-p', 'tsconfig.build.json']);

rmSync(join(root, 'prebuilds'), { recursive: true, force: true });
const prefix = headersPrefix();
run('prebuildify', ['--napi', '--strip', '--tag-libc'], { ...process.env, ...(prefix && { npm_config_nodedir: prefix }) });

// prebuildify knows of .node files only; the launcher is looked up beside the addon.
const launcher = join(root, 'prebuilds', `linux-${process.arch}`, 'spillway-launch');
copyFileSync(join(root, 'build/Release/spillway-launch'), launcher);
execFileSync('strip', [launcher], { stdio: ['ignore', 2, 2] });
