// One worker: `node job.cjs WORK_SECONDS MEMORY_MIB LEAK_MIB`.
//
// It works in steps of half a second and prints the seconds of work that are done after each one. A
// step that has to wait for memory takes longer, and counts no more for it.
'use strict';

const { createHash } = require('node:crypto');
const { setTimeout: delay } = require('node:timers/promises');

const STEP_SECONDS = 0.5;
const MIB = 2 ** 20;

/** @param {number} mebibytes */
function allocate(mebibytes) {
  // Filled, because untouched memory costs nothing.
  return Buffer.alloc(mebibytes * MIB, 'spillway');
}

/** @param {number} doneSeconds */
function report(doneSeconds) {
  // Not console.log(), which paints numbers when FORCE_COLOR is set.
  process.stdout.write(`${doneSeconds}\n`);
}

async function main() {
  const [workSeconds = 0, memoryMib = 0, leakMib = 0] = process.argv.slice(2).map(Number);
  const memory = allocate(memoryMib);
  const forgotten = [];
  report(0);
  for (let step = 1; step * STEP_SECONDS <= workSeconds; step++) {
    const pace = delay(STEP_SECONDS * 1000);
    const at = (step * MIB) % memory.length;
    createHash('sha256').update(memory.subarray(at, at + MIB / 4)).digest();
    if (leakMib > 0) forgotten.push(allocate(step * leakMib));
    await pace;
    report(step * STEP_SECONDS);
  }
}

void main();
