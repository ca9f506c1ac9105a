import { UntilMarker } from './end-marker.mjs';

const TAIL_BYTES = 8192;

/**
 * @typedef {object} Outcome
 * @property {boolean} started whether the command was started
 * @property {number | undefined} status its exit status; undefined when the guest ended without one
 * @property {string} tail the end of what the guest's console and QEMU said
 */

/**
 * Listens to a QEMU until it ends: passes the command's output on as it comes,
 * and ends the machine when all of it and the exit status are here.
 * @param {import('node:child_process').ChildProcess} qemu
 * @param {object} options
 * @param {string} options.endMarker
 * @param {boolean} options.showConsole
 * @param {number} options.startLimitMs by when the command must have started
 * @param {AbortSignal} options.signal ends the machine
 * @returns {Promise<Outcome>}
 */
export function converse(qemu, { endMarker, showConsole, startLimitMs, signal }) {
  return new Promise((resolve, reject) => {
    const [, , messages, console, stdout, stderr, statusPort] = /** @type {import('node:stream').Readable[]} */ (qemu.stdio);
    if (!messages || !console || !stdout || !stderr || !statusPort) throw new Error('QEMU was started without its channels.');
    const kill = () => qemu.kill('SIGKILL');
    const startLimit = setTimeout(kill, startLimitMs);
    signal.addEventListener('abort', kill, { once: true });
    if (signal.aborted) kill();

    let tail = '';
    for (const source of [messages, console]) {
      source.on('data', (/** @type {Buffer} */ chunk) => {
        tail = (tail + chunk.toString('latin1')).slice(-TAIL_BYTES);
        if (showConsole) process.stderr.write(chunk);
      });
    }
    const outputs = [
      { port: stdout, sink: process.stdout, until: new UntilMarker(endMarker) },
      { port: stderr, sink: process.stderr, until: new UntilMarker(endMarker) },
    ];
    let said = '';
    const killWhenComplete = () => {
      if (/\n\d+\n$/.test(said) && outputs.every(({ until }) => until.complete)) kill();
    };
    statusPort.on('data', (/** @type {Buffer} */ chunk) => {
      clearTimeout(startLimit);
      said += chunk.toString('latin1');
      killWhenComplete();
    });
    for (const { port, sink, until } of outputs) {
      until.on('complete', killWhenComplete);
      port.pipe(until).pipe(sink, { end: false });
      // Nobody takes this output any more: unread, it would keep QEMU's end from being seen.
      sink.once('error', () => port.destroy());
    }
    // A killed QEMU resets its sockets; what they held has been read by then.
    for (const stream of [messages, console, stdout, stderr, statusPort]) stream.on('error', () => {});

    qemu.once('error', (error) => reject(new Error(`Cannot start QEMU: ${error.message}`, { cause: error })));
    qemu.once('close', (code) => {
      clearTimeout(startLimit);
      signal.removeEventListener('abort', kill);
      // We kill it, and a guest that resets makes it exit with 0.
      if (code) return reject(new Error(`QEMU failed (exit status ${code}):\n${tail.trim()}`));
      const status = /^started\n(\d+)\n$/.exec(said)?.[1];
      resolve({ started: said !== '', status: status === undefined ? undefined : Number(status), tail });
    });
  });
}
