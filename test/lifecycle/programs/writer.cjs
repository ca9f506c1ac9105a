'use strict';

// writer.cjs DIRECTORY COUNT FIRST PAUSE: raises `high` in memory.events COUNT times from FIRST (1) on,
// with PAUSE (0) in ms between two changes, the careless way: truncates the file, then writes it.
// Prints the last value when done. As COUNT, 'endless' goes on until its input ends, and writes in
// place, so that the file is never empty.

const { ftruncateSync, openSync, writeSync } = require('node:fs');
const { join } = require('node:path');
const { eventsText } = require('./common.cjs');

const [directory = '', count = '0', first = '1', pauseMs = '0'] = process.argv.slice(2);
const fd = openSync(join(directory, 'memory.events'), 'r+');
let high = Number(first) - 1;

function change() {
  high += 1;
  const text = eventsText(high);
  ftruncateSync(fd, 0);
  writeSync(fd, text, 0);
}

if (count === 'endless') {
  process.stdin.resume();
  process.stdin.on('end', () => process.exit(0));
  setInterval(() => {
    high += 1;
    writeSync(fd, eventsText(String(high).padStart(12, '0')), 0);
  }, Number(pauseMs));
} else {
  const pause = new Int32Array(new SharedArrayBuffer(4));
  for (let left = Number(count); left > 0; left -= 1) {
    change();
    if (pauseMs !== '0') Atomics.wait(pause, 0, 0, Number(pauseMs));
  }
  process.stdout.write(`${high}\n`);
}
