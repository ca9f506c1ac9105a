'use strict';

// row.cjs ROW main|worker: runs one row of the matrix. In a worker the main thread then looks
// whether anything is left of it.

const { isMainThread, Worker, workerData } = require('node:worker_threads');
const { assert, reactorCount, resources } = require('./common.cjs');

/** @type {Record<string, () => unknown>} */
const rows = { ...require('./rows.cjs'), ...require('./limiter-rows.cjs') };

async function runInWorker(/** @type {string} */ row) {
  // The first worker brings what stays with the process; it is not counted.
  await ended(new Worker('0', { eval: true }));
  const before = resources();
  const { code, error } = await ended(new Worker(__filename, { workerData: row }));
  // A thread that was joined may still be listed for a moment.
  for (let look = 0; look < 100 && resources().threads.length > before.threads.length; look += 1) {
    await new Promise((resolve) => void setTimeout(resolve, 10));
  }
  assert.deepEqual(resources(), before);
  assert.equal(reactorCount(), 0);
  if (error !== undefined) console.error(error);
  process.exitCode = code;
}

/** @param {Worker} worker @returns {Promise<{ code: number, error: unknown }>} */
function ended(worker) {
  return new Promise((resolve) => {
    /** @type {unknown} */
    let error;
    worker.on('error', (/** @type {unknown} */ thrown) => (error = thrown));
    worker.on('exit', (code) => resolve({ code, error }));
  });
}

const [name = '', where = 'main'] = isMainThread ? process.argv.slice(2) : [workerData, 'main'];
const row = rows[name];
assert.ok(row, `no row ${name}`);
if (where === 'worker') {
  void runInWorker(name);
} else {
  void Promise.resolve(row());
}
