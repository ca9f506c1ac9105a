'use strict';

// honest.cjs [UNITS]: works steadily in little memory, writes "unit N" after each unit of work and
// ends with code 0 after the last; without a number it works for ever.

const { createHash } = require('node:crypto');

const units = Number(process.argv[2] ?? Infinity);
let done = 0;

function work() {
  let text = String(done);
  for (let round = 0; round < 200; round++) text = createHash('sha256').update(text).digest('hex');
  console.log(`unit ${++done}`);
  if (done < units) setTimeout(work, 20);
}

work();
