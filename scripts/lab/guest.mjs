import { spawn } from 'node:child_process';
import { BootFiles } from './boot-files.mjs';
import { newEndMarker, UntilMarker } from './end-marker.mjs';
import { initramfs } from './initramfs.mjs';
import { qemuArguments } from './qemu.mjs';
import { settingsScript } from './settings.mjs';

const TAIL_BYTES = 8192;

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
 * @typedef {object} Outcome
 * @property {number | undefined} status exit status; undefined when the guest ended without one
 * @property {string} tail the end of what the guest's console and QEMU said
 */

/**
 * Boots a guest, runs the job there and passes its output on as it comes.
 * @param {Boot} boot
 * @returns {Promise<Outcome>}
 */
export async function runGuest(boot) {
  const marker = newEndMarker();
  const files = new BootFiles();
  try {
    const initrd = files.data(initramfs(boot.kernel.modules, settingsScript(boot, marker), boot.job));
    const disks = [
      ...(boot.diskMib > 0 ? [files.ext4Disk(boot.diskMib)] : []),
      ...(boot.swapMib > 0 ? [files.emptyDisk(boot.swapMib)] : []),
    ];
    files.unlink();
    const qemu = spawn(
      // Should the lab be killed, the kernel kills QEMU.
      'setpriv',
      ['--pdeathsig', 'KILL', 'qemu-system-x86_64', ...qemuArguments({ ...boot, diskCount: disks.length })],
      // The order is that of the descriptors in qemu.mjs. A process group of
      // its own, so that Ctrl-C on a terminal reaches the lab alone.
      { stdio: ['ignore', 'ignore', 'pipe', 'pipe', 'pipe', 'pipe', 'pipe', initrd, ...disks], detached: true },
    );
    return await converse(qemu, marker, boot);
  } finally {
    files.close();
  }
}

/**
 * @param {import('node:child_process').ChildProcess} qemu
 * @param {string} marker
 * @param {Boot} boot
 * @returns {Promise<Outcome>}
 */
function converse(qemu, marker, { signal, showConsole }) {
  return new Promise((resolve, reject) => {
    const [, , messages, console, stdout, stderr, statusPort] = /** @type {import('node:stream').Readable[]} */ (qemu.stdio);
    if (!messages || !console || !stdout || !stderr || !statusPort) throw new Error('QEMU was started without its channels.');
    const kill = () => qemu.kill('SIGKILL');
    signal.addEventListener('abort', kill, { once: true });

    let tail = '';
    for (const source of [messages, console]) {
      source.on('data', (/** @type {Buffer} */ chunk) => {
        tail = (tail + chunk.toString('latin1')).slice(-TAIL_BYTES);
        if (showConsole) process.stderr.write(chunk);
      });
    }
    let statusText = '';
    statusPort.on('data', (/** @type {Buffer} */ chunk) => {
      statusText += chunk.toString('latin1');
      killWhenComplete();
    });
    const outputs = [
      { port: stdout, sink: process.stdout, until: new UntilMarker(marker) },
      { port: stderr, sink: process.stderr, until: new UntilMarker(marker) },
    ];
    const killWhenComplete = () => {
      if (statusText.endsWith('\n') && outputs.every(({ until }) => until.complete)) kill();
    };
    for (const { port, sink, until } of outputs) {
      until.on('complete', killWhenComplete);
      port.pipe(until).pipe(sink, { end: false });
    }
    // A killed QEMU resets its sockets; what they held has been read by then.
    for (const stream of [messages, console, stdout, stderr, statusPort]) stream.on('error', () => {});

    qemu.once('error', (error) => reject(new Error(`Cannot start QEMU: ${error.message}`, { cause: error })));
    qemu.once('close', () => {
      signal.removeEventListener('abort', kill);
      const status = /^(\d+)\n$/.exec(statusText)?.[1];
      resolve({ status: status === undefined ? undefined : Number(status), tail });
    });
  });
}
