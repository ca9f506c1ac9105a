// A warm process that holds so many MiB from its first request on, and answers with what it holds.
'use strict';

const { join } = require('node:path');

/** @type {typeof import('../../../lib/pool')} */
const { answerRequests } = require(join(__dirname, '../../../build-bundle/pool'));

/** @type {Buffer | undefined} */
let held;

answerRequests((mib) => {
  held ??= Buffer.alloc(Number(mib) * 2 ** 20, 1);
  return held.length;
});
