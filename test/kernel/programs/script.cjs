'use strict';

// script.cjs JSON: runs a function of a test in a process of its own, with the built package. JSON is
//   source    the function's text; it gets a host (see ../support/scripts.ts) and the argument
//   argument  anything
// Writes what the function tells, one "WORD JSON" per line; what it rejects with as "error JSON".

const { readFileSync } = require('node:fs');
const { join } = require('node:path');
const { createInterface } = require('node:readline');

const dist = join(__dirname, '../../../dist');
const bundle = join(__dirname, '../../../build-bundle');
/** @type {{ source: string, argument: unknown }} */
const { source, argument } = JSON.parse(process.argv[2] ?? '{}');

/**
 * @param {string} word
 * @param {unknown} value
 */
const tell = (word, value = null) => console.log(`${word} ${JSON.stringify(value)}`);

const host = {
  get spillway() {
    return require(bundle);
  },
  bundle,
  /** @param {string} path */
  lib: (path) => require(join(dist, path)),
  tell,
  own: () => readFileSync('/proc/self/cgroup', 'utf8').trim().replace(/^[^]*?0::/, ''),
  line: () => new Promise((resolve) => {
    const lines = createInterface({ input: process.stdin });
    lines.once('line', (line) => {
      lines.close();
      process.stdin.unref?.();
      resolve(line);
    });
  }),
};

/** @type {(host: object, argument: unknown) => Promise<unknown>} */
const script = new Function(`return (${source})`)();
script(host, argument).catch((error) => {
  tell('error', { name: error.name, code: error.code, message: error.message });
  process.exit(0);
});
