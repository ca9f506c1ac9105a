import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

/** Moves itself, so that all it ever takes is charged to its cgroup. */
const JOIN = 'echo 0 >"$0" && exec "$@"';

/**
 * Starts a program in a cgroup.
 * @param {string} cgroup
 * @param {string[]} command
 * @param {import('node:child_process').SpawnOptions} [options]
 */
export function spawnInside(cgroup, command, options = {}) {
  return spawn('/bin/sh', ['-c', JOIN, join(cgroup, 'cgroup.procs'), ...command], { stdio: ['ignore', 'inherit', 'inherit'], ...options });
}

/** A Node program that answers messages, one at a time. */
export class NodeChild {
  #child;

  /**
   * @param {string} cgroup
   * @param {string[]} args
   */
  constructor(cgroup, args) {
    this.#child = spawnInside(cgroup, [process.execPath, ...args], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  }

  get pid() {
    return this.#child.pid;
  }

  /** @returns {Promise<any>} its next message */
  async hear() {
    const end = new AbortController();
    const ended = once(this.#child, 'exit', { signal: end.signal }).then(() => { throw new Error('a guard has ended'); });
    const [message] = await Promise.race([once(this.#child, 'message', { signal: end.signal }), ended]);
    ended.catch(() => undefined);
    end.abort();
    return message;
  }

  /**
   * @param {string} word
   * @param {unknown} [value]
   */
  async ask(word, value) {
    const answer = this.hear();
    this.#child.send({ word, value });
    return answer;
  }

  async stop() {
    const exited = this.#child.exitCode === null ? once(this.#child, 'exit') : undefined;
    if (this.#child.connected) this.#child.disconnect();
    await exited;
  }
}
