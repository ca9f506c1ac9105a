'use strict';

// accounting.cjs ROUNDS FILE: what it costs to count a component's buffers, and to tell the status of a
// thousand components. Writes the rows to FILE, as JSON.

const { writeFileSync } = require('node:fs');
const { cpus, release } = require('node:os');
const { join } = require('node:path');
const { spread } = require('./spread.cjs');

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
  /** @type {{ name: string, us: number[], measure: () => Promise<number> | number }[]} */
  const rows = [1024, 65_536].flatMap((bytes) => [
    { name: `Buffer.allocUnsafeSlow(), ${bytes / 1024} KiB`, us: [], measure: () => allocations(Buffer.allocUnsafeSlow, bytes) },
    { name: `group.allocate(), ${bytes / 1024} KiB`, us: [], measure: () => allocations((size) => group.allocate(size), bytes) },
  ]);
  const time = (/** @type {() => unknown} */ work) => () => {
    const beginMs = performance.now();
    for (let call = 0; call < statusCount; call++) work();
    return ((performance.now() - beginMs) * 1000) / statusCount;
  };
  rows.push({ name: 'memoryStatus() of 1,000 components', us: [], measure: time(() => memoryStatus(registry)) });
  rows.push({ name: 'the same, as JSON', us: [], measure: time(() => JSON.stringify(memoryStatus(registry))) });
  // Two rounds before are not counted: nothing is compiled yet.
  for (let round = -2; round < Number(rounds); round++) {
    for (const { us, measure } of rows) {
      const tookUs = await measure();
      if (round >= 0) us.push(tookUs);
    }
  }
  writeFileSync(file, JSON.stringify({
    host: { kernel: release(), node: process.version, cpus: cpus().length, lab: process.env['SPILLWAY_LAB'] !== undefined },
    rows: rows.map(({ name, us }) => ({ name, unit: 'µs', ...spread(us) })),
  }, null, 2));
}

main().catch((/** @type {unknown} */ error) => {
  console.error(error);
  process.exitCode = 1;
});
