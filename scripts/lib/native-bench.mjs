import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensurePackages } from './packages.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const build = join(root, 'build-native/bench');

/** Builds the programs of native/bench. */
export function ensureNativeBench() {
  ensurePackages(['cmake', 'make', 'gcc', 'g++'], 'the native benchmarks');
  const configure = ['-S', root, '-B', build, '-G', 'Unix Makefiles', '-DSPILLWAY_BENCH=ON', '-DCMAKE_BUILD_TYPE=Release'];
  for (const args of [configure, ['--build', build, '--target', 'bench']]) execFileSync('cmake', args, { stdio: ['ignore', 'ignore', 'inherit'] });
}
