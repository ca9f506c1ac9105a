// A job runner: see README.md.
'use strict';

const { setMaxListeners } = require('node:events');
const { mkdirSync } = require('node:fs');
const { readFile } = require('node:fs/promises');
const { constants } = require('node:os');
const { text } = require('node:stream/consumers');
const { parseArgs } = require('node:util');
const { Supervisor, SpillwayError } = require('spillway');
const { parseJobs } = require('./jobs.cjs');
const { runJobs } = require('./queue.cjs');
const { mib, promise, table } = require('./words.cjs');

const USAGE = `Usage: node main.cjs [options] FILE      ("-": stdin)

  --concurrency N     jobs at a time (default 4)
  --memory SIZE       the mark that all jobs together must stay below, such as 256MiB
                      (default: what the machine or container has, less a reserve)
  --logs DIR          where the output of each job goes, to ID.log (default ./job-logs)
  --name NAME         of the pool; one runner per name (default jobs)
  --losses N          how often a job may be lost for want of memory and run again (default 3)
  --wait-ms N         before the first retry; doubled for each further one (default 1000)
`;
const LONGEST_WAIT_MS = 60_000;
/** How long jobs may take to end after SIGTERM, when the runner stops. */
const GRACE_MS = 5000;

/** A mistake in the options or jobs; its message is all that is needed. */
class UsageError extends Error {}

function parseOptions() {
  try {
    const string = /** @type {const} */ ({ type: 'string' });
    const options = { concurrency: string, memory: string, logs: string, name: string, losses: string, 'wait-ms': string };
    const { values, positionals } = parseArgs({ options, allowPositionals: true });
    if (positionals[0] === undefined || positionals.length > 1) throw new Error('one FILE of jobs is needed, or -');
    const { memory, logs = 'job-logs', name = 'jobs' } = values;
    const concurrency = wholeNumber('concurrency', values.concurrency ?? '4', 1);
    const losses = wholeNumber('losses', values.losses ?? '3', 0);
    return { file: positionals[0], concurrency, memory, logs, name, losses, firstMs: wholeNumber('wait-ms', values['wait-ms'] ?? '1000', 0) };
  } catch (error) {
    throw new UsageError(`${/** @type {Error} */ (error).message}\n\n${USAGE}`);
  }
}

/**
 * @param {string} name
 * @param {string} value
 * @param {number} least
 */
function wholeNumber(name, value, least) {
  if (!/^\d{1,6}$/.test(value) || Number(value) < least) throw new Error(`--${name} must be a whole number from ${least}, not "${value}"`);
  return Number(value);
}

/** @param {string} file */
async function readJobs(file) {
  try {
    return parseJobs(file === '-' ? await text(process.stdin) : await readFile(file, 'utf8'));
  } catch (error) {
    throw new UsageError(`${file === '-' ? 'stdin' : file}: ${/** @type {Error} */ (error).message}`);
  }
}

/** @param {string} line */
function say(line) {
  console.log(`${new Date().toISOString().slice(0, 19)}Z ${line}`);
}

async function main() {
  const { file, concurrency, memory, logs, name, losses, firstMs } = parseOptions();
  const jobs = await readJobs(file);
  mkdirSync(logs, { recursive: true });

  const signals = /** @type {const} */ (['SIGTERM', 'SIGINT']);
  const supervisor = await Supervisor.create({ name, closeOn: signals, graceMs: GRACE_MS, ...(memory !== undefined && { limits: { highBytes: memory } }) });
  const capBytes = supervisor.status().pool?.markBytes ?? Infinity;
  const rules = { losses, firstMs, longestMs: LONGEST_WAIT_MS, capBytes };
  const end = new AbortController();
  setMaxListeners(0, end.signal); // each job that waits for its next run is one
  /** @type {NodeJS.Signals | undefined} */
  let stoppedBy;
  /** @param {NodeJS.Signals} signal */
  const stop = (signal) => {
    if (stoppedBy !== undefined) return;
    stoppedBy = signal;
    say(`${signal}: nothing is started any more, running jobs have ${GRACE_MS / 1000} s to end`);
    end.abort();
  };
  // The supervisor closes by itself; that we listen, too, leaves us the time for the table.
  for (const signal of signals) process.on(signal, stop);
  // Nobody reads any more (`| head`): what SIGPIPE does to others, but in order.
  process.stdout.on('error', () => {
    stop('SIGPIPE');
    void supervisor.close();
  });
  supervisor.on('degraded', (error) => say(`WARNING ${error.code}: ${error.message}`));
  supervisor.on('relief', ({ outcome, breach }) => {
    if (outcome !== 'relieved' && outcome !== 'closed') say(`WARNING memory is short, and nothing could be done (${outcome}): ${breach.reason}`);
  });

  say(`${jobs.length} jobs, ${concurrency} at a time, logs in ${logs}, mark ${mib(capBytes)}; ${promise(supervisor.guarantee)}`);
  const outcomes = await runJobs(jobs, { supervisor, concurrency, logs, rules, signal: end.signal, say: (id, what) => say(`${id} ${what}`) })
    .finally(() => supervisor.close());
  console.log(`\n${table(outcomes)}`);
  if (stoppedBy === undefined) process.exitCode = outcomes.every(({ became }) => became === 'done') ? 0 : 1;
  else if (stoppedBy === 'SIGPIPE') process.exitCode = 128 + constants.signals.SIGPIPE;
  else process.removeAllListeners(stoppedBy).kill(process.pid, stoppedBy);
}

process.stderr.on('error', () => undefined);
main().catch((error) => {
  // Of a file that cannot be written the message is enough, too.
  const isPlain = error instanceof UsageError || error instanceof SpillwayError || error.syscall !== undefined;
  console.error(`job-runner: ${isPlain ? error.message : error.stack}`);
  process.exitCode = 2;
});
