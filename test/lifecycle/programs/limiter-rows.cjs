'use strict';

// Rows of the lifecycle matrix for the memory limiter; the others are in rows.cjs.

const { join } = require('node:path');
const { assert, block, collectGarbage, dist, reactorCount, resources, settle } = require('./common.cjs');

/**
 * At its limit it is sampled every few milliseconds, and the interval keeps it from going blind where its thread is starved.
 *
 * @param {Partial<import('../../../lib/accounting').MemoryLimiterOptions>} [options]
 */
function limit(options) {
  /** @type {typeof import('../../../lib/accounting')} */
  const { MemoryLimiter } = require(join(dist, 'accounting/index.js'));
  return new MemoryLimiter({ limitBytes: 0, intervalMs: 60_000, ...options });
}

/** Takes the memory that was freed just now, and looks whether somebody still writes to it. */
async function assertUnwritten() {
  const taken = Array.from({ length: 20_000 }, () => new BigInt64Array(new SharedArrayBuffer(32)));
  await settle(100);
  assert.ok(taken.every((each) => each.every((word) => word === 0n)), 'memory was written to that is not its own');
}

/** @type {Record<string, () => unknown>} */
module.exports = {
  'limiter running': () => void limit(),

  'limiter running, with a reader': () => void limit({ read: () => 1, intervalMs: 10 }),

  'limiter running at process.exit()': () => {
    limit();
    process.exit(0);
  },

  'limiter awaited at process.exit()': () => {
    void limit({ maxDelayMs: 60_000 }).waitForCapacity();
    setTimeout(() => process.exit(0), 50);
  },

  'limiter stopped twice, while calls wait, and again at exit': async () => {
    const before = resources();
    const limiter = limit({ maxDelayMs: 60_000 });
    const waits = [limiter.waitForCapacity(), limiter.waitForCapacity()];
    assert.ok(waits.every((wait) => wait !== undefined));
    process.on('exit', () => limiter.stop());
    limiter.stop();
    limiter.stop();
    await Promise.all(waits);
    assert.equal(limiter.waitForCapacity(), undefined);
    assert.deepEqual(resources().files, before.files);
    assert.equal(reactorCount(), 0);
  },

  'limiters stopped, then collected': async () => {
    (() => {
      for (let count = 0; count < 100; count += 1) limit().stop();
    })();
    collectGarbage();
    await assertUnwritten();
  },

  'limiters dropped without stop, then collected': async () => {
    (() => {
      for (let count = 0; count < 100; count += 1) limit();
    })();
    for (let round = 0; round < 3; round += 1) {
      await settle(5);
      collectGarbage();
    }
    await assertUnwritten();
    assert.equal(reactorCount(1), 1);
  },

  'limiter samples while JavaScript is blocked': () => {
    const limiter = limit();
    const { sampledAtMs } = limiter.status();
    while (limiter.status().sampledAtMs === sampledAtMs) block(5);
    limiter.stop();
  },

  'limiter with keepAlive stays, and exits after stop': () => {
    const limiter = limit({ keepAlive: true });
    setTimeout(() => {
      console.log('stayed');
      limiter.stop();
    }, 50).unref();
  },

  'limiter with keepAlive and a reader stays, and exits after stop': () => {
    const limiter = limit({ keepAlive: true, read: () => 1, intervalMs: 10 });
    setTimeout(() => {
      console.log('stayed');
      limiter.stop();
    }, 50).unref();
  },

  'limiter that is waited for stays until then': async () => {
    await limit({ maxDelayMs: 50 }).waitForCapacity();
    console.log('stayed');
  },
};
