'use strict';

// takeover.cjs ROUNDS FILE: how long after `takeoverMs` the native thread signals the victim of an armed
// plan while JavaScript is blocked. The cgroups are folders with files of their form, the victim is a
// process. Writes the rows to FILE, as JSON.

const { spawn } = require('node:child_process');
const { once } = require('node:events');
const { closeSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');
const { files, makeFolder, shortFiles } = require('./fixture-folder.cjs');
const { inTurn, writeResult } = require('./report.cjs');

/** @type {typeof import('../../lib/native')} */
const { native } = require(join(__dirname, '../../dist/native'));

const [, , rounds = '100', file = '/dev/stdout'] = process.argv;
const blockedMs = 60;
/** A machine that is overloaded may keep the thread from a processor; more is a failure. */
const longestMs = 5000;
const victimTimeoutMs = 10_000;

function block(/** @type {number} */ ms) {
  const untilMs = performance.now() + ms;
  while (performance.now() < untilMs);
}

/** A shortage begins, and JavaScript is blocked from then on: milliseconds from the notice to the signal, less those of the option. */
async function takeOver(/** @type {number} */ takeoverMs) {
  const pool = makeFolder(files);
  const leaf = makeFolder({ 'cgroup.kill': '', 'memory.stat': `anon ${50 * 2 ** 20}\n` });
  const child = spawn('sleep', ['600'], { stdio: 'ignore' });
  await once(child, 'spawn');
  const ended = once(child, 'exit');
  const victim = Number(native().openVictim(leaf.directory));
  const pidfd = Number(native().openPidfd(Number(child.pid)));
  native().holdVictim(victim, pidfd);
  closeSync(pidfd);
  const watch = Number(native().watchMemory({ directory: pool.directory, local: false, keys: ['high'], safetyReadMs: 1000, killBufferBytes: undefined, keepAlive: true }, () => {}));
  try {
    native().armPlan(watch, { victims: [victim], takeoverMs, victimTimeoutMs });
    writeFileSync(join(pool.directory, 'memory.current'), shortFiles['memory.current']);
    writeFileSync(join(pool.directory, 'memory.events'), 'low 0\nhigh 1000001\nmax 0\noom 0\n');
    block(takeoverMs + blockedMs);
    let [kill] = native().takeKills(watch);
    for (let moreMs = 0; kill === undefined; moreMs += blockedMs) {
      if (moreMs > longestMs) throw new Error(`nobody was killed within ${longestMs} ms after takeoverMs`);
      block(blockedMs);
      [kill] = native().takeKills(watch);
    }
    return kill.signalledMs - kill.noticedMs - takeoverMs;
  } finally {
    native().unwatch(watch);
    child.kill('SIGKILL');
    await ended;
    native().closeVictim(victim);
    pool.remove();
    leaf.remove();
  }
}

/** How much later than asked a timer of JavaScript is. */
async function timer(/** @type {number} */ ms, /** @type {number} */ blockMs) {
  const beginMs = performance.now();
  const fired = new Promise((resolve) => void setTimeout(() => resolve(performance.now() - beginMs - ms), ms));
  block(blockMs);
  return /** @type {Promise<number>} */ (fired);
}

async function main() {
  const rows = await inTurn(Number(rounds), [
    { name: 'setTimeout() of 100 ms, JavaScript idle', unit: 'ms', basis: true, measure: () => timer(100, 0) },
    { name: `setTimeout() of 100 ms, JavaScript blocked for ${100 + blockedMs} ms`, unit: 'ms', measure: () => timer(100, 100 + blockedMs) },
    ...[0, 10, 100].map((takeoverMs) => ({ name: `the plan's signal, takeoverMs ${takeoverMs}, JavaScript blocked for ${takeoverMs + blockedMs} ms`, unit: 'ms', measure: () => takeOver(takeoverMs) })),
  ]);
  const latestMs = Math.max(...rows.slice(2).map(({ max }) => max));
  writeResult(file, rows, [`the latest signal came ${latestMs.toFixed(2)} ms after the notice and takeoverMs (wanted: at most 5)`]);
}

main().catch((/** @type {unknown} */ error) => {
  console.error(error);
  process.exitCode = 1;
});
