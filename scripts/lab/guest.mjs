import { spawn } from 'node:child_process';
import { BootFiles } from './boot-files.mjs';
import { converse } from './conversation.mjs';
import { newEndMarker } from './end-marker.mjs';
import { initramfs } from './initramfs.mjs';
import { withoutDiskModules } from './modules.mjs';
import { qemuArguments } from './qemu.mjs';
import { settingsScript } from './settings.mjs';

// A boot takes 4 s on a quiet machine, 20 s on one with ten times the work.
const START_LIMIT_MS = 120_000;
const BOOT_ATTEMPTS = 3;

/**
 * @typedef {object} BootOptions
 * @property {import('./kernel.mjs').Kernel} kernel
 * @property {string} job shell script that becomes the command
 * @property {number} memoryMib
 * @property {readonly string[]} kernelParameters
 * @property {boolean} showConsole print the guest's console on stderr, too
 * @property {AbortSignal} signal ends the guest
 * @typedef {BootOptions & import('./settings.mjs').GuestSettings} Boot
 */

/**
 * Boots a guest, runs the job there and passes its output on as it comes.
 * A guest that does not get as far as the job is booted again, which nobody
 * can tell from the job's side: emulation makes a kernel fail now and then.
 * @param {Boot} boot
 * @returns {Promise<import('./conversation.mjs').Outcome>}
 */
export async function runGuest(boot) {
  for (let attempt = 1; ; attempt += 1) {
    const outcome = await bootOnce(boot);
    if (outcome.started || boot.signal.aborted || attempt === BOOT_ATTEMPTS) return outcome;
    console.error(`lab: the guest did not come up, booting again. Its console ended with:\n${outcome.tail.trimEnd()}`);
  }
}

/** @param {Boot} boot */
async function bootOnce(boot) {
  const endMarker = newEndMarker();
  const files = new BootFiles();
  try {
    const disks = [
      ...(boot.diskMib > 0 ? [files.ext4Disk(boot.diskMib)] : []),
      ...(boot.swapMib > 0 ? [files.emptyDisk(boot.swapMib)] : []),
    ];
    const modules = disks.length > 0 ? boot.kernel.modules : withoutDiskModules(boot.kernel.modules);
    const initrd = files.data(initramfs(modules, settingsScript(boot, endMarker), boot.job));
    files.unlink();
    const qemu = spawn(
      // Should the lab be killed, the kernel kills QEMU.
      'setpriv',
      ['--pdeathsig', 'KILL', 'qemu-system-x86_64', ...qemuArguments({ ...boot, diskCount: disks.length })],
      // The order is that of the descriptors in qemu.mjs. A process group of
      // its own, so that Ctrl-C on a terminal reaches the lab alone.
      { stdio: ['ignore', 'ignore', 'pipe', 'pipe', 'pipe', 'pipe', 'pipe', initrd, ...disks], detached: true },
    );
    return await converse(qemu, { endMarker, showConsole: boot.showConsole, startLimitMs: START_LIMIT_MS, signal: boot.signal });
  } finally {
    files.close();
  }
}
