'use strict';

// limiter-workers.cjs ROUNDS: terminates workers whose limiters run, in each of some states.

const { once } = require('node:events');
const { join } = require('node:path');
const { isMainThread, parentPort, Worker, workerData } = require('node:worker_threads');
const { assert, dist, reactorCount, resources, settle } = require('./common.cjs');

const kinds = ['idle', 'busy', 'waiting', 'reading'];

/** @param {string} kind */
function run(kind) {
  /** @type {typeof import('../../../lib/accounting')} */
  const { MemoryLimiter } = require(join(dist, 'accounting/index.js'));
  // At its limit it is sampled every few milliseconds, and the interval keeps it from going blind where its thread is starved.
  const limiter = new MemoryLimiter({
    limitBytes: 0, intervalMs: 60_000, keepAlive: true, ...(kind === 'busy' && { minDelayMs: 0, maxDelayMs: 0 }),
    ...(kind === 'waiting' && { maxDelayMs: 60_000 }), ...(kind === 'reading' && { read: () => 1, intervalMs: 10 }),
  });
  parentPort?.postMessage('running');
  if (kind === 'waiting') void limiter.waitForCapacity();
  while (kind === 'busy') void limiter.waitForCapacity();
}

async function round() {
  const workers = kinds.map((kind) => new Worker(__filename, { workerData: kind }));
  await Promise.all(workers.map(async (worker) => {
    await once(worker, 'message');
    await worker.terminate();
  }));
}

async function main() {
  const rounds = Number(process.argv[2]);
  // The first ones bring what stays with the process.
  for (let warm = 0; warm < 2; warm += 1) await round();
  assert.equal(reactorCount(), 0);
  const before = resources();
  for (let count = 0; count < rounds; count += 1) await round();
  // A thread that was joined may still be listed for a moment.
  for (let look = 0; look < 200 && resources().threads.length > before.threads.length; look += 1) await settle(10);
  assert.deepEqual(resources(), before);
  console.log(`${rounds * kinds.length} workers terminated`);
}

if (isMainThread) void main();
else run(workerData);
