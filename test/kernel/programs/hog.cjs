'use strict';

// hog.cjs HOLD_MIB [STEP_MIB EVERY_MS LIMIT_MIB]
//
// Takes HOLD_MIB of memory and writes "held". Then, if a step is given, takes STEP_MIB every EVERY_MS
// until it has LIMIT_MIB, and writes "full". A line N on stdin makes it take N MiB at once ("held"
// again), "grow" starts the steps later where EVERY_MS is 0, "exit CODE" ends it.

const MiB = 2 ** 20;
const [hold = 0, step = 0, every = 0, limit = Infinity] = process.argv.slice(2).map(Number);
/** @type {Buffer[]} */
const held = [];

/** @param {number} mib */
function take(mib) {
  // By the MiB, for Node pools nothing of that size, and each is a mapping of its own.
  for (let index = 0; index < mib; index++) held.push(Buffer.alloc(MiB, 1));
}

function grow() {
  const timer = setInterval(() => {
    if (held.length >= limit) {
      clearInterval(timer);
      console.log('full');
      return;
    }
    take(step);
  }, every || 10);
}

take(hold);
console.log('held');
if (step > 0 && every > 0) grow();
require('node:readline')
  .createInterface({ input: process.stdin })
  .on('line', (line) => {
    const [word = '', code = '0'] = line.split(' ');
    if (word === 'exit') process.exit(Number(code));
    if (word === 'grow') return grow();
    take(Number(word));
    console.log('held');
  })
  .on('close', () => setInterval(() => undefined, 1000));
