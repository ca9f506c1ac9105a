// Takes as many MiB as it is told, again and again.
'use strict';

/** @type {Buffer[]} */
const taken = [];
process.on('message', (mib) => taken.push(Buffer.alloc(Number(mib) * 2 ** 20, 1)));
