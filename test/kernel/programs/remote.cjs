'use strict';

// remote.cjs OPTIONS: runs a Supervisor of the built package, and does what it is told. OPTIONS is JSON: those of
// Supervisor.create(), and `again`: how often to create and close it before. Each line on stdin is JSON:
//   { spawn: [file, args, options, worker] }  or  { adopt: [pid, worker] }  or  { kill: id }  or  { close: options }
// It writes what happens, one "WORD JSON" per line, and exits with code 0 after close.

const { join } = require('node:path');

/** @type {typeof import('../../../lib/index')} */
const { Supervisor } = require(join(__dirname, '../../../build-bundle'));

/** @typedef {import('../../../lib/index').Supervisor} Remote */
/** @typedef {{ spawn?: Parameters<Remote['spawn']>, adopt?: Parameters<Remote['adopt']>, kill?: string, close?: Parameters<Remote['close']>[0] }} Order */

/** @type {import('../../../lib/index').SupervisorOptions & { again?: number }} */
const { again = 0, ...create } = JSON.parse(process.argv[2] ?? '{}');

/**
 * @param {string} word
 * @param {unknown} value
 */
function tell(word, value) {
  console.log(`${word} ${JSON.stringify(value)}`);
}

/** @param {unknown} error */
function tellRefusal(error) {
  const { code, message } = /** @type {NodeJS.ErrnoException} */ (error);
  tell('refused', { code, message });
}

process.on('warning', ({ name, message }) => tell('warning', { name, message }));

async function main() {
  for (let round = 0; round < again; round++) await (await Supervisor.create(create)).close();
  const supervisor = await Supervisor.create(create);
  /** @type {Map<string, import('../../../lib/index').Worker>} */
  const workers = new Map();
  supervisor.on('victim', (victim) => tell('victim', victim));
  supervisor.on('relief', (report) => tell('relief', report));
  supervisor.on('exit', (exit) => tell('exit', exit));
  supervisor.on('degraded', ({ code, message }) => tell('degraded', { code, message }));
  tell('ready', { pid: process.pid, uid: process.getuid?.(), guarantee: supervisor.guarantee, cgroup: supervisor.status().cgroup });

  /** @param {Order} order */
  async function obey({ spawn, adopt, kill, close }) {
    if (kill !== undefined) return workers.get(kill)?.kill();
    if (spawn ?? adopt) {
      const worker = spawn ? await supervisor.spawn(...spawn) : await supervisor.adopt(.../** @type {Parameters<Remote['adopt']>} */ (adopt));
      workers.set(worker.id, worker);
      return tell('worker', { id: worker.id, pid: worker.pid });
    }
    await supervisor.close(close);
    tell('closed', supervisor.status().counts);
    process.stdin.destroy();
  }
  require('node:readline')
    .createInterface({ input: process.stdin })
    .on('line', (line) => void obey(JSON.parse(line)).catch(tellRefusal));
}

main().catch((error) => {
  tellRefusal(error);
  process.exit(0);
});
