'use strict';

// shedder.cjs HOLD_MIB [deaf], started by fork() with --expose-gc: holds memory, and writes "held". Told to
// shed memory it writes "told JSON", and gives all of it back unless it is deaf.

/** @type {Buffer[]} */
let held = Array.from({ length: Number(process.argv[2]) }, () => Buffer.alloc(2 ** 20, 1));
// A later collection would give back what was counted.
global.gc?.();
console.log('held');
process.on('message', (message) => {
  console.log(`told ${JSON.stringify(message)}`);
  if (process.argv[3] === 'deaf') return;
  held = [];
  global.gc?.();
  console.log(`shed ${held.length}`);
});
