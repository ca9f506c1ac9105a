// The five workers of one half: starts them by the schedule, follows their progress, tells of their ends.
'use strict';

const { createInterface } = require('node:readline');
const { setTimeout: delay } = require('node:timers/promises');
const { processBytes } = require('./pool-memory.cjs');
const { jobs } = require('./workload.cjs');

/**
 * @typedef {import('./workload.cjs').Job} Job
 * @typedef {'finished' | 'killed by Spillway' | 'killed by the kernel' | 'failed'} End
 *
 * @typedef {object} Started what a half makes of a job
 * @property {import('node:child_process').ChildProcess} process
 * @property {Promise<End>} ended never rejects
 *
 * @typedef {object} Member
 * @property {Job} job
 * @property {'waiting' | 'starting' | 'working' | End} state
 * @property {number} doneSeconds work that is done; lost if it is killed
 * @property {number} memoryBytes its own memory at the last look
 * @property {number} [pid]
 */

class Workforce {
  /** @type {Member[]} */
  members = jobs.map((job) => ({ job, state: 'waiting', doneSeconds: 0, memoryBytes: 0 }));
  #start;
  #onStart;
  #onEnd;

  /**
   * @param {object} half
   * @param {(job: Job) => Promise<Started>} half.start
   * @param {(member: Member) => void} half.onStart
   * @param {(member: Member) => void} half.onEnd
   */
  constructor({ start, onStart, onEnd }) {
    this.#start = start;
    this.#onStart = onStart;
    this.#onEnd = onEnd;
  }

  /**
   * Settles when the last worker has ended.
   * @param {AbortSignal} signal
   */
  async run(signal) {
    const startedAtMs = performance.now();
    const ends = [];
    for (const member of this.members) {
      await delay(Math.max(0, member.job.startSeconds * 1000 - (performance.now() - startedAtMs)), undefined, { signal });
      const { ready, ended } = await this.#begin(member, signal);
      ends.push(ended);
      // One after the other, however slow the machine is.
      await untilAborted(ready, signal);
    }
    await untilAborted(Promise.all(ends), signal);
  }

  /** Reads the memory of those that live. Who has just died keeps the last figure, which tells why. */
  look() {
    for (const member of this.members) {
      member.memoryBytes = member.pid === undefined ? 0 : (processBytes(member.pid) ?? member.memoryBytes);
    }
  }

  /**
   * @param {Member} member
   * @param {AbortSignal} signal
   */
  async #begin(member, signal) {
    member.state = 'starting';
    const { process: child, ended } = await this.#start(member.job);
    if (child.stdout === null) throw new Error('A worker was started without a pipe for its progress');
    const progress = createInterface({ input: child.stdout });
    member.pid = child.pid ?? 0;
    this.#onStart(member);
    progress.on('line', (line) => {
      member.state = 'working';
      member.doneSeconds = Number(line);
    });
    /** @type {Promise<void>} */
    const silent = new Promise((resolve) => progress.once('close', resolve));
    const ready = Promise.race([silent, new Promise((resolve) => progress.once('line', resolve))]);
    // After an interruption all are killed, which is not worth telling.
    return { ready, ended: this.#end(member, ended, silent).then(() => signal.aborted || this.#onEnd(member)) };
  }

  /**
   * @param {Member} member
   * @param {Promise<End>} ended
   * @param {Promise<void>} silent its last progress is read
   */
  async #end(member, ended, silent) {
    const [end] = await Promise.all([ended, silent]);
    member.state = end;
    delete member.pid;
  }
}

/**
 * @template T
 * @param {Promise<T>} promise
 * @param {AbortSignal} signal
 * @returns {Promise<T>}
 */
function untilAborted(promise, signal) {
  return new Promise((resolve, reject) => {
    const stop = () => reject(signal.reason);
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}

module.exports = { Workforce };
