// Starts one run of a job as a worker.
'use strict';

const { closeSync, createWriteStream, openSync, writeSync } = require('node:fs');
const { join } = require('node:path');
const { isRetriable } = require('./retry.cjs');

/** How long the end of a job's output may still be on its way. */
const LAST_WORDS_MS = 1000;

/**
 * Its output goes to its log past this process, however much it is. Only stderr comes by, in step with
 * the disk: that is how Spillway hears of a full V8 heap.
 *
 * @param {import('./jobs.cjs').Job} job
 * @param {import('./retry.cjs').History} history
 * @param {number} attempt
 * @param {Pick<import('./queue.cjs').Context, 'supervisor' | 'logs' | 'say'>} context
 */
async function startJob(job, { memoryBytes }, attempt, { supervisor, logs, say }) {
  const { id, group, command: [file, ...args] } = job;
  const path = join(logs, `${id}.log`);
  const log = openSync(path, 'a');
  try {
    writeSync(log, `--- run ${attempt + 1}, ${new Date().toISOString()}\n`);
    // Detached: Ctrl-C in a terminal is for the runner, which then ends its jobs in order.
    const worker = await supervisor.spawn(file, args, { stdio: ['ignore', log, 'pipe'], detached: true }, {
      id,
      attempt,
      retriable: isRetriable(job),
      ...(group !== undefined && { group }),
      ...(memoryBytes !== undefined && { memory: { highBytes: memoryBytes } }),
    });
    const stderr = /** @type {import('node:stream').Readable} */ (worker.process.stderr);
    stderr.pipe(createWriteStream(path, { flags: 'a' })).on('error', ({ message }) => {
      say(id, `WARNING its stderr is lost from here on: ${message}`);
      stderr.resume();
    });
    // Without cgroups a process may have got away, and hold the pipe open: that must not keep the runner.
    void worker.exited.then(() => setTimeout(() => stderr.destroy(), LAST_WORDS_MS).unref());
    return worker;
  } finally {
    closeSync(log);
  }
}

module.exports = { startJob };
