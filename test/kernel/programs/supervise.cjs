'use strict';

// supervise.cjs OPTIONS: runs a Supervisor of the built package and writes what happens, one
// "WORD JSON" per line. OPTIONS is JSON:
//   create    options of Supervisor.create()
//   workers   lists of arguments of supervisor.spawn()
//   throwing  names of events whose listeners throw
//   again     how often to close it and create it anew before
//   uid       whom to become before all that
// A line on stdin closes it. Exits with code 0.

const { readFileSync } = require('node:fs');
const { join } = require('node:path');

/** @type {typeof import('../../../lib/index')} */
const { Supervisor } = require(join(__dirname, '../../../build-bundle'));

/**
 * @typedef {object} Options
 * @property {import('../../../lib/index').SupervisorOptions} create
 * @property {Parameters<import('../../../lib/index').Supervisor['spawn']>[]} [workers]
 * @property {string[]} [throwing]
 * @property {number} [again]
 * @property {number} [uid]
 */

/** @type {Options} */
const { create, workers = [], throwing = [], again = 0, uid } = JSON.parse(process.argv[2] ?? '{}');

/**
 * @param {string} word
 * @param {unknown} value
 */
function tell(word, value) {
  console.log(`${word} ${JSON.stringify(value)}`);
}

process.on('uncaughtException', ({ message }) => tell('uncaught', message));

async function main() {
  if (uid !== undefined) {
    process.setgroups?.([]);
    process.setgid?.(uid);
    process.setuid?.(uid);
  }
  for (let round = 0; round < again; round++) await (await Supervisor.create(create)).close();
  const supervisor = await Supervisor.create(create);
  /** @param {keyof import('../../../lib/index').SupervisorEvents} name */
  const listen = (name) => supervisor.on(name, (/** @type {unknown} */ event) => {
    tell(name, event);
    if (throwing.includes(name)) throw new Error(`the listener of ${name} throws`);
  });
  listen('victim');
  listen('relief');
  listen('exit');
  listen('degraded');
  for (const [file, args = [], options = {}, worker = {}] of workers) {
    const { id, pid } = await supervisor.spawn(file, args, { stdio: 'ignore', ...options }, worker);
    tell('worker', { id, pid });
  }
  tell('ready', { pid: process.pid, cgroup: supervisor.status().cgroup, own: readFileSync('/proc/self/cgroup', 'utf8').trim() });
  process.stdin.once('data', () => {
    void supervisor.close().then(() => {
      tell('closed', supervisor.status().counts);
      process.stdin.destroy();
    });
  });
}

main().catch((error) => {
  tell('error', { code: error.code, message: error.message });
  process.exit(0);
});
