import { spawnSync } from 'node:child_process';

/**
 * Runs a tool to its end and returns its stdout; what it says on stderr
 * becomes part of the error if it fails.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ input?: Buffer, cwd?: string }} [options]
 * @returns {Buffer}
 */
export function run(command, args, options = {}) {
  const { status, signal, error, stdout, stderr } = spawnSync(command, args, { maxBuffer: 1 << 30, ...options });
  if (error) throw new Error(`Cannot run ${command}: ${error.message}`, { cause: error });
  if (status !== 0) {
    throw new Error(`${command} failed (${signal ?? `exit status ${status}`}):\n${stderr.toString().trim()}`);
  }
  return stdout;
}
