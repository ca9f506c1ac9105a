'use strict';

const { spawn } = require('node:child_process');
const { once } = require('node:events');
const { createInterface } = require('node:readline');

/**
 * Runs a program that is told what to do by lines, and answers with lines.
 *
 * @param {string} file
 * @param {string[]} args
 */
function talk(file, args) {
  const child = spawn(file, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    /** Sends a line and returns what comes until the last line of the answer. */
    async ask(/** @type {string} */ question, /** @type {string} */ last) {
      child.stdin.write(`${question}\n`);
      const answer = [];
      for (;;) {
        const { done, value } = await lines.next();
        if (done) throw new Error(`${file} has ended (${child.exitCode ?? child.signalCode ?? 'its output'})`);
        if (value === last) return answer;
        answer.push(value);
      }
    },
    async end() {
      child.stdin.end();
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    },
  };
}

module.exports = { talk };
