import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { run } from './run.mjs';

const BOOT_MODULES = ['virtio_pci', 'virtio_console', '9pnet_virtio', '9p', 'overlay'];
/** `crc32c_generic` is only a soft dependency of ext4, hence named. */
const DISK_MODULES = ['virtio_blk', 'crc32c_generic', 'ext4'];

/** Modules that the guest's init loads, in this order, each after what it depends on. */
export const WANTED_MODULES = [...BOOT_MODULES, ...DISK_MODULES];

/**
 * The modules that a guest without disks needs: loading those of ext4 takes as
 * long as loading all others.
 * @template {{ name: string }} T
 * @param {readonly T[]} modules all of them, in loading order
 * @returns {T[]}
 */
export function withoutDiskModules(modules) {
  const first = modules.findIndex(({ name }) => DISK_MODULES.includes(name));
  return modules.slice(0, first < 0 ? modules.length : first);
}

/**
 * @typedef {{ name: string, content: Buffer }} KernelModule
 */

/**
 * Reads modules and everything they need out of an unpacked kernel package.
 * The package has no modules.dep (depmod makes it at installation), but each
 * module names its dependencies itself.
 * @param {string} tree .../lib/modules/RELEASE
 * @param {readonly string[]} wanted
 * @returns {KernelModule[]} in loading order
 */
export function readModules(tree, wanted) {
  const files = new Map(
    readdirSync(join(tree, 'kernel'), { recursive: true, encoding: 'utf8' })
      .filter((path) => /\.ko(\.xz|\.zst|\.gz)?$/.test(path))
      .map((path) => [moduleName(path), join(tree, 'kernel', path)]),
  );
  const builtIn = new Set(readFileSync(join(tree, 'modules.builtin'), 'utf8').split('\n').map(moduleName));
  /** @type {Map<string, KernelModule>} */
  const loaded = new Map();
  const load = (/** @type {string} */ name) => {
    if (loaded.has(name) || builtIn.has(name)) return;
    const file = files.get(name);
    if (file === undefined) throw new Error(`This kernel package has no module ${name}. Is it a cloud kernel? The lab needs the full one.`);
    const content = decompress(file);
    for (const dependency of dependencies(content)) load(dependency);
    loaded.set(name, { name, content });
  };
  wanted.forEach(load);
  return [...loaded.values()];
}

/**
 * File names may have a hyphen where module names have an underscore.
 * @param {string} path
 */
function moduleName(path) {
  return basename(path).replace(/\.ko(\..*)?$/, '').replaceAll('-', '_');
}

/** @param {string} file */
function decompress(file) {
  if (file.endsWith('.xz')) return run('xz', ['-dc', file]);
  if (file.endsWith('.zst')) return run('zstd', ['-dcq', file]);
  if (file.endsWith('.gz')) return run('gzip', ['-dc', file]);
  return readFileSync(file);
}

/**
 * The `.modinfo` section is a run of NUL-terminated `key=value` strings.
 * @param {Buffer} content
 */
function dependencies(content) {
  const match = /\0depends=([^\0]*)\0/.exec(content.toString('latin1'));
  return (match?.[1] ?? '').split(',').filter(Boolean).map(moduleName);
}
