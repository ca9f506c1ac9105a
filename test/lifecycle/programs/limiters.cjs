'use strict';

// limiters.cjs ROUNDS: starts and stops limiters of all kinds, those that fail too, and leaves the last ones running.

const { join } = require('node:path');
const { assert, dist, Fixture } = require('./common.cjs');

/** @type {typeof import('../../../lib/accounting')} */
const { ComponentRegistry, MemoryLimiter, sampleMemory } = require(join(dist, 'accounting/index.js'));

const cgroup = Fixture.make();
const group = new ComponentRegistry().getOrCreate('self');

/** At its limit each is sampled every few milliseconds; the interval keeps it from going blind where its thread is starved. */
const intervalMs = 60_000;

function start() {
  cgroup.usage(960_000);
  return [
    new MemoryLimiter({ limitBytes: '1TiB', intervalMs }),
    new MemoryLimiter({ limitBytes: 0, intervalMs }),
    new MemoryLimiter({ cgroup: cgroup.directory, intervalMs }),
    new MemoryLimiter({ cgroup: cgroup.directory, limitBytes: 1, intervalMs }),
    new MemoryLimiter({ limitBytes: 1, read: () => 1, intervalMs }),
  ];
}

async function round() {
  const limiters = start();
  for (const limiter of limiters) void limiter.waitForCapacity();
  // From here on one of them cannot be read, and has that told in a later turn.
  cgroup.write('memory.current', 'much\n');
  assert.throws(() => new MemoryLimiter({ cgroup: cgroup.directory }), { code: 'ERR_SPILLWAY_FILE_INVALID' });
  assert.throws(() => new MemoryLimiter({ cgroup: join(cgroup.directory, 'nowhere') }), { code: 'ERR_SPILLWAY_CGROUP_NOT_FOUND' });
  using(group.resourceGroup().trackProcess(process.pid));
  await sampleMemory(group, { maxAgeMs: 0 });
  for (const limiter of limiters) limiter.stop();
}

/** @param {Disposable} tracked */
function using(tracked) {
  setImmediate(() => { tracked[Symbol.dispose](); });
}

async function main() {
  const rounds = Number(process.argv[2]);
  for (let count = 0; count < rounds; count += 1) await round();
  start();
  console.log(`${rounds} rounds`);
}

void main();
