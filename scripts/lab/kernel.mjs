import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cacheDirectory, cachedDirectory } from './cache.mjs';
import { readModules, WANTED_MODULES } from './modules.mjs';
import { downloadPackage } from './private-apt.mjs';
import { run } from './run.mjs';
import { unpackKernel } from './vmlinux.mjs';

/**
 * The kernels of Debian 12 and 13, and where to look for their packages.
 * Backports come second: they go away before the releases do.
 */
const SUITES = { '6.1': ['bookworm'], '6.12': ['trixie', 'bookworm-backports'] };

/** @typedef {keyof typeof SUITES} KernelSeries */

export const KERNEL_SERIES = /** @type {KernelSeries[]} */ (Object.keys(SUITES));

/**
 * @typedef {object} Kernel
 * @property {string} release what `uname -r` prints
 * @property {string} image path of the kernel that QEMU loads
 * @property {{ name: string, path: string }[]} modules in loading order
 */

/**
 * What is cached depends on the modules: another list is another directory.
 * @param {KernelSeries} series
 */
function cacheName(series) {
  return `linux-${series}-${createHash('sha256').update(WANTED_MODULES.join()).digest('hex').slice(0, 8)}`;
}

/** @param {KernelSeries} series */
export function isKernelCached(series) {
  return existsSync(join(cacheDirectory(), cacheName(series)));
}

/**
 * The kernel, from the cache or downloaded into it.
 * @param {KernelSeries} series
 * @returns {Kernel}
 */
export function ensureKernel(series) {
  const directory = cachedDirectory(cacheName(series), (target) => fill(series, target));
  const { release, modules } = JSON.parse(readFileSync(join(directory, 'kernel.json'), 'utf8'));
  return {
    release,
    image: join(directory, 'vmlinux'),
    modules: modules.map((/** @type {string} */ name) => ({ name, path: join(directory, `${name}.ko`) })),
  };
}

/**
 * @param {KernelSeries} series
 * @param {string} target
 */
function fill(series, target) {
  // The full kernel, not cloud, not rt; `-unsigned` is all that some suites have.
  const name = new RegExp(`^linux-image-${series.replace('.', '\\.')}\\.[0-9.-]+(\\+deb[0-9.]+)?-amd64(-unsigned)?$`);
  const work = join(target, '..');
  const apt = join(work, 'apt');
  const tree = join(work, 'tree');
  mkdirSync(apt);
  run('dpkg', ['-x', downloadPackage(apt, SUITES[series], name, 'linux-image-'), tree]);
  const image = readdirSync(join(tree, 'boot')).find((entry) => entry.startsWith('vmlinuz-'));
  if (image === undefined) throw new Error('The kernel package holds no boot/vmlinuz-*.');
  const release = image.slice('vmlinuz-'.length);
  const moduleTree = ['usr/lib/modules', 'lib/modules'].map((path) => join(tree, path, release)).find((path) => existsSync(path));
  if (moduleTree === undefined) throw new Error(`The kernel package holds no modules for ${release}.`);
  const modules = readModules(moduleTree, WANTED_MODULES);
  for (const module of modules) writeFileSync(join(target, `${module.name}.ko`), module.content);
  writeFileSync(join(target, 'vmlinux'), unpackKernel(readFileSync(join(tree, 'boot', image))));
  writeFileSync(join(target, 'kernel.json'), JSON.stringify({ release, modules: modules.map((module) => module.name) }));
}
