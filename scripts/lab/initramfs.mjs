import { readFileSync } from 'node:fs';
import { cpio, directory, file } from './cpio.mjs';

const INIT = new URL('./init.sh', import.meta.url);
const BUSYBOX = ['/bin/busybox', '/usr/bin/busybox'];

/**
 * The guest's first file system: busybox, the init script, the modules and the
 * job. It is put together for each boot (a few MiB, no compression), so
 * nothing in it can be out of date.
 * @param {{ name: string, path: string }[]} modules in loading order
 * @param {string} settings shell assignments that the init script reads
 * @param {string} job shell script that becomes the command
 */
export function initramfs(modules, settings, job) {
  return cpio([
    ...['dev', 'proc', 'modules', 'lower', 'upper', 'root'].map(directory),
    file('busybox', busybox()),
    file('init', readFileSync(INIT)),
    file('settings', settings),
    file('job', job),
    file('modules.order', modules.map(({ name }) => `${name}\n`).join('')),
    ...modules.map(({ name, path }) => file(`modules/${name}.ko`, readFileSync(path))),
  ]);
}

function busybox() {
  for (const path of BUSYBOX) {
    try {
      return readFileSync(path);
    } catch {
      continue;
    }
  }
  throw new Error('There is no busybox in /bin. Install it with:\n  sudo apt-get install busybox-static');
}
