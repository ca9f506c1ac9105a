// A tenant's warm process: it keeps 16 MiB from its first request on.
'use strict';

const { answerRequests } = require('spillway/pool');

/** @type {Buffer | undefined} */
let kept;
let served = 0;

answerRequests((words) => {
  kept ??= Buffer.alloc(16 * 2 ** 20, 1);
  served += 1;
  return { text: String(words).toUpperCase(), pid: process.pid, served };
});
