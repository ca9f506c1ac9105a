'use strict';

// accounting.cjs ROUNDS FILE: what it costs to count a component's buffers, and to tell the status of a
// thousand components. Writes the rows to FILE, as JSON.

const { join } = require('node:path');
const { inTurn, writeResult } = require('./report.cjs');

/** @type {typeof import('../../lib/accounting')} */
const { ComponentRegistry, memoryStatus, sampleMemory } = require(join(__dirname, '../../dist/accounting'));

const [, , rounds = '10', file = '/dev/stdout'] = process.argv;
const allocationCount = 20_000;
const componentCount = 1000;
const statusCount = 20;

/** Microseconds for one allocation, the collector's work included; in batches, between which it may tell of what it has found. */
async function allocations(/** @type {(bytes: number) => Buffer} */ allocate, /** @type {number} */ bytes) {
  const beginMs = performance.now();
  for (let made = 0; made < allocationCount; made += 100) {
    for (let index = 0; index < 100; index++) allocate(bytes);
    await new Promise((resolve) => { setImmediate(resolve); });
  }
  return ((performance.now() - beginMs) * 1000) / allocationCount;
}

/** A thousand components, half of them below another one, with bounds; each with a buffer and a process. */
function thousandComponents() {
  const registry = new ComponentRegistry();
  for (let index = 0; index < componentCount; index++) {
    const component = registry.getOrCreate(index % 2 === 0 ? `component${index}` : `component${index - 1}.part`);
    component.bounds.minimum().withFixedAmount('own', 1000);
    component.resourceGroup().allocate(10);
    component.resourceGroup().trackProcess({ pid: process.pid, usage: () => ({ currentBytes: 1000, fileBytes: 0 }), exited: new Promise(() => undefined) });
  }
  return registry;
}

async function main() {
  const group = new ComponentRegistry().getOrCreate('buffers').resourceGroup();
  const registry = thousandComponents();
  await sampleMemory(registry, { timeoutMs: 60_000 });
  const allocationRows = [1024, 65_536].flatMap((bytes) => [
    { name: `Buffer.allocUnsafeSlow(), ${bytes / 1024} KiB`, unit: 'µs', measure: () => allocations(Buffer.allocUnsafeSlow, bytes) },
    { name: `group.allocate(), ${bytes / 1024} KiB`, unit: 'µs', measure: () => allocations((size) => group.allocate(size), bytes) },
  ]);
  const time = (/** @type {() => unknown} */ work) => () => {
    const beginMs = performance.now();
    for (let call = 0; call < statusCount; call++) work();
    return ((performance.now() - beginMs) * 1000) / statusCount;
  };
  const statusRows = [
    { name: 'memoryStatus() of 1,000 components', unit: 'µs', basis: true, measure: time(() => memoryStatus(registry)) },
    { name: 'the same, as JSON', unit: 'µs', measure: time(() => JSON.stringify(memoryStatus(registry))) },
  ];
  // Not in turn with each other: the collector would still be busy with the buffers while a status is timed.
  const status = await inTurn(Number(rounds), statusRows);
  writeResult(file, [...await inTurn(Number(rounds), allocationRows), ...status]);
}

main().catch((/** @type {unknown} */ error) => {
  console.error(error);
  process.exitCode = 1;
});
