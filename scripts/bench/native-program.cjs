'use strict';

const { join } = require('node:path');

/** A program of native/bench, which scripts/bench.mjs has built. */
function nativeProgram(/** @type {string} */ name) {
  return join(__dirname, '../../build-native/bench/native/bench', name);
}

module.exports = { nativeProgram };
