'use strict';

// tracked-buffers.cjs COUNT, with --expose-gc: allocates so many buffers through a group, keeps a thousand of
// them at a time, drops all, and prints what is still counted and what is still used.

const { ComponentRegistry } = require('../../../dist/accounting');

const count = Number(process.argv[2]);
const batch = 1000;
const bytes = 1024;
/** What a Node with nothing to do has outside of its heap, and half a batch more. */
const mostBytes = process.memoryUsage().external + (bytes * batch) / 2;
const group = new ComponentRegistry().getOrCreate('buffers').resourceGroup();

/**
 * Has the collector take what was dropped, until nothing of it is counted here or by V8, which sweeps buffers in a
 * thread, and sees at the next collection that it has.
 */
async function collect() {
  const isLeft = () => group.figure.bytes !== 0 || process.memoryUsage().external > mostBytes;
  for (let round = 0; round < 200 && isLeft(); round++) {
    global.gc?.();
    await new Promise((resolve) => { setTimeout(resolve, 1); });
  }
  return process.memoryUsage();
}

async function allocate(/** @type {number} */ batches) {
  for (let made = 0; made < batches; made++) {
    Array.from({ length: batch }, (_, index) => group.allocate(bytes).fill(index));
    await new Promise((resolve) => { setImmediate(resolve); });
  }
}

async function main() {
  await allocate(5); // what is compiled, and grows once
  const before = await collect();
  await allocate(count / batch);
  const countedBytes = group.figure.bytes;
  const after = await collect();
  const kept = group.allocate(100).subarray(0, 1);
  await collect();
  console.log(JSON.stringify({
    allocations: group.allocations, counted: (countedBytes ?? 0) > 0, keptBytes: group.figure.bytes, kept: kept.length,
    arrayBuffers: after.arrayBuffers - before.arrayBuffers, heapUsed: after.heapUsed - before.heapUsed, external: after.external - before.external,
  }));
}

void main();
