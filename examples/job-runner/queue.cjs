// Runs jobs as workers, so many at a time, each until it is done or given up.
'use strict';

const { setTimeout: delay } = require('node:timers/promises');
const { decide, decideOnRefusal } = require('./retry.cjs');
const { startJob } = require('./start-job.cjs');
const { describe } = require('./words.cjs');

/**
 * @typedef {import('./jobs.cjs').Job} Job
 * @typedef {import('./retry.cjs').History} History
 *
 * @typedef {object} Context
 * @property {import('spillway').Supervisor} supervisor
 * @property {number} concurrency
 * @property {string} logs a directory
 * @property {import('./retry.cjs').Rules} rules
 * @property {AbortSignal} signal nothing is started any more; whoever closes the supervisor ends the jobs that run
 * @property {(id: string, text: string) => void} say
 *
 * @typedef {{ id: string, became: 'done' | 'failed' | 'given up' | 'stopped', runs: number, why: string }} Outcome
 */

/**
 * @param {readonly Job[]} jobs
 * @param {Context} context
 * @returns {Promise<Outcome[]>}
 */
async function runJobs(jobs, context) {
  const { concurrency, signal, supervisor, say } = context;
  supervisor.on('victim', ({ id, reason }) => say(id, `chosen to die: ${reason}`));
  let free = concurrency;
  /** @type {(() => void)[]} */
  const waiting = [];
  signal.addEventListener('abort', () => waiting.splice(0).forEach((enter) => enter()));
  /** @type {<T>(work: () => Promise<T>) => Promise<T>} */
  const inPlace = async (work) => {
    if (free > 0) free--;
    else if (!signal.aborted) await new Promise((resolve) => waiting.push(() => resolve(undefined)));
    const result = await work();
    const next = waiting.shift();
    if (next === undefined) free++;
    else next();
    return result;
  };
  return Promise.all(jobs.map((job) => follow(job, context, inPlace)));
}

/**
 * One job from its first run to its end.
 *
 * @param {Job} job
 * @param {Context} context
 * @param {<T>(work: () => Promise<T>) => Promise<T>} inPlace
 * @returns {Promise<Outcome>}
 */
async function follow(job, context, inPlace) {
  const { id, memoryBytes } = job;
  const { say, signal } = context;
  /** @type {History} */
  let history = { failures: 0, losses: 0, ...(memoryBytes !== undefined && { memoryBytes }) };
  let end = 'never started';
  for (let runs = 0; ; runs++) {
    const run = await inPlace(async () => (signal.aborted ? undefined : once(job, history, runs, context)));
    if (run === undefined) return { id, became: 'stopped', runs, why: end };
    end = run.end;
    const { verdict } = run;
    const outcome = { id, runs: runs + 1, why: end };
    if (verdict.kind === 'done') return { ...outcome, became: 'done' };
    if (signal.aborted) return { ...outcome, became: 'stopped' };
    if (verdict.kind !== 'again') {
      say(id, `${verdict.kind}: ${verdict.why}`);
      return { ...outcome, became: verdict.kind, why: `${verdict.why}; at last it was: ${end}` };
    }
    say(id, `again in ${verdict.afterMs / 1000} s (${verdict.why})`);
    history = verdict.history;
    await delay(verdict.afterMs, undefined, { signal }).catch(() => undefined);
  }
}

/**
 * @param {Job} job
 * @param {History} history
 * @param {number} attempt
 * @param {Context} context
 */
async function once(job, history, attempt, context) {
  const { rules, say } = context;
  let worker;
  try {
    worker = await startJob(job, history, attempt, context);
  } catch (refusal) {
    const error = /** @type {NodeJS.ErrnoException} */ (refusal);
    const end = `could not be started: ${error.message}`;
    say(job.id, end);
    return { end, verdict: decideOnRefusal(error, job, history, rules) };
  }
  say(job.id, `started: run ${attempt + 1}, pid ${worker.pid}`);
  const exit = await worker.exited;
  const end = describe(exit);
  say(job.id, end);
  return { end, verdict: decide(exit, job, history, rules) };
}

module.exports = { runJobs };
