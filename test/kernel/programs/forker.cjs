'use strict';

// forker.cjs COUNT [STAY]: starts COUNT children in sessions of their own that outlive it, and writes
// their pids. With "stay" it then waits, else it exits with code 0 when a line comes on stdin.

const { spawn } = require('node:child_process');

const [count = '1', stay] = process.argv.slice(2);
const pids = Array.from({ length: Number(count) }, () => {
  const child = spawn('sleep', ['1000'], { detached: true, stdio: 'ignore' });
  child.unref();
  return child.pid;
});
console.log(`pids ${pids.join(' ')}`);
if (stay === 'stay') setInterval(() => undefined, 1000);
else process.stdin.once('data', () => process.exit(0));
