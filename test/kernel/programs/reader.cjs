'use strict';

// reader.cjs FILE MIB: makes a file of that size, then reads it again and again through the page cache,
// and writes "pass N" after each time.

const { closeSync, existsSync, openSync, readSync, writeSync } = require('node:fs');

const [file = '', mib = '0'] = process.argv.slice(2);
const buffer = Buffer.alloc(2 ** 20, 1);

if (!existsSync(file)) {
  const made = openSync(file, 'w');
  for (let index = 0; index < Number(mib); index++) writeSync(made, buffer);
  closeSync(made);
}
const fd = openSync(file, 'r');
let passes = 0;

function pass() {
  for (let at = 0; readSync(fd, buffer, 0, buffer.length, at) > 0; at += buffer.length);
  console.log(`pass ${++passes}`);
  setImmediate(pass);
}

pass();
