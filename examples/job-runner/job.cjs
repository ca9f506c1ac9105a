// One job: `node job.cjs SECONDS MEMORY_MIB LEAK_MIB`. Each half second it forgets to free LEAK_MIB more than in the one before.
'use strict';

const { setTimeout: delay } = require('node:timers/promises');

const [seconds = 0, memoryMib = 0, leakMib = 0] = process.argv.slice(2).map(Number);
/** @param {number} mib */
const allocate = (mib) => Buffer.alloc(mib * 2 ** 20, 'spillway');

async function main() {
  const held = [allocate(memoryMib)];
  for (let step = 1; step <= 2 * seconds; step++) {
    held.push(allocate(step * leakMib));
    await delay(500);
    console.log(`${step / 2} of ${seconds} s done`);
  }
}

void main();
