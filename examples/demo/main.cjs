// The demo itself. It needs root and a cgroup v2 memory controller: `npm run demo` sees to that.
'use strict';

const { constants, release } = require('node:os');
const { parseArgs } = require('node:util');
const { Account } = require('./account.cjs');
const { comparison } = require('./comparison.cjs');
const { runRounds } = require('./rounds.cjs');
const { mib } = require('./text.cjs');
const { faults } = require('./verdict.cjs');
const { runWithSpillway } = require('./with-spillway.cjs');
const { runWithoutSpillway } = require('./without-spillway.cjs');
const { pool } = require('./workload.cjs');

const BASE = '/sys/fs/cgroup';

/**
 * @param {AbortSignal} signal
 * @returns {Promise<boolean>} whether Spillway kept its promise
 */
async function main(signal) {
  const { values } = parseArgs({ options: { rounds: { type: 'string' }, only: { type: 'string' } } });
  if (values.rounds !== undefined) return runRounds(Number(values.rounds), { base: BASE, signal });

  const account = new Account((text) => process.stdout.write(text));
  const half = { account, base: BASE, signal };
  let withSpillway;
  let without;
  if (values.only !== 'without') {
    account.begin(
      '1. With Spillway',
      `All five may use ${mib(pool.maxBytes)} together (memory.max). Spillway hears from the kernel ` +
        `when they reach its mark of ${mib(pool.markBytes)} (memory.high, the | in the bar).`,
      pool,
    );
    withSpillway = await runWithSpillway(half);
  }
  if (values.only !== 'with') {
    account.begin(
      '2. The same without Spillway',
      `The same five jobs and the same ${mib(pool.maxBytes)} (memory.max), but nobody watches: when it is full, the kernel kills.`,
      { maxBytes: pool.maxBytes },
    );
    without = await runWithoutSpillway(half);
  }
  account.begin('What it cost', `(Linux ${release()}; nothing that was killed was started again)`, pool);
  process.stdout.write(comparison(withSpillway, without));

  const wrong = withSpillway === undefined ? [] : faults(withSpillway);
  if (wrong.length > 0) console.log(`\nThis is not what Spillway promises:\n${wrong.join('\n')}`);
  return wrong.length === 0;
}

const interruption = new AbortController();
/** @param {NodeJS.Signals} signal */
const interrupt = (signal) => interruption.abort(signal);
for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) process.on(signal, interrupt);
// Nobody reads any more (`| head`).
process.stdout.on('error', () => interrupt('SIGPIPE'));

main(interruption.signal).then(
  (kept) => { process.exitCode = kept ? 0 : 1; },
  (error) => {
    const { aborted, reason } = interruption.signal;
    console.error(aborted ? `demo: interrupted by ${reason}; all jobs are ended and their cgroups removed` : `demo: ${error.stack}`);
    process.exitCode = aborted ? 128 + constants.signals[/** @type {NodeJS.Signals} */ (reason)] : 1;
  },
);
