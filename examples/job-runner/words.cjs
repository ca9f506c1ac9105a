// What people read.
'use strict';

const SHORT = {
  'own-limit': 'it was over its own limit',
  'group-limit': 'its group was over its limit',
  pool: 'all jobs together were over the mark',
  host: 'the machine, or a limit around this runner, was short',
};

/**
 * How a run ended.
 *
 * @param {import('spillway').WorkerExit} exit
 */
function describe({ cause, code, signal, blame, peakBytes, leftovers }) {
  const short = blame === undefined ? '' : `: ${SHORT[blame]}`;
  const text = {
    exit: code === 0 ? 'finished' : `ended with exit code ${code}`,
    signal: `ended by ${signal}, which Spillway did not send`,
    spillway: `killed by Spillway${short}`,
    'kernel-oom': `killed by the kernel's OOM killer${short}`,
    'v8-heap': 'aborted by V8: its heap was full',
    closed: 'ended because the runner stops',
    aborted: 'aborted',
  }[cause];
  const peak = peakBytes === undefined ? '' : ` (peak ${mib(peakBytes)})`;
  return `${text}${peak}${leftovers ? `; what it left behind was killed: ${leftovers} process(es)` : ''}`;
}

/**
 * What the host lets Spillway do, and why not more.
 *
 * @param {import('spillway').Guarantee} guarantee
 */
function promise({ level, finding }) {
  return `guarantee ${level}${finding === undefined ? '' : `, because: ${finding.message}`}`;
}

/** @param {readonly import('./queue.cjs').Outcome[]} outcomes */
function table(outcomes) {
  const rows = [['job', 'became', 'runs', 'why'], ...outcomes.map(({ id, became, runs, why }) => [id, became, String(runs), why])];
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')).join('\n');
}

/** @param {number} bytes */
function mib(bytes) {
  return `${Math.round(bytes / 2 ** 20)} MiB`;
}

module.exports = { describe, mib, promise, table };
