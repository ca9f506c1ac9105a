// What becomes of a job after a run. Pure functions of the worker's end and of what was before.
'use strict';

const { mib } = require('./words.cjs');

/**
 * @typedef {import('./jobs.cjs').Job} Job
 *
 * @typedef {object} History what was before, and the limit of the next run
 * @property {number} failures ends that were its own fault
 * @property {number} losses ends that were not: memory was short, and it was in the way
 * @property {number} [memoryBytes]
 *
 * @typedef {object} Rules
 * @property {number} losses how often a job may be lost and run again
 * @property {number} firstMs the first wait; each further one is twice as long
 * @property {number} longestMs
 * @property {number} capBytes no job's limit is raised above this
 *
 * @typedef {{ kind: 'done' | 'failed' | 'given up', why: string } | { kind: 'again', why: string, afterMs: number, history: History }} Verdict
 */

/**
 * @param {Pick<import('spillway').WorkerExit, 'cause' | 'code' | 'retryHint'>} exit
 * @param {Job} job
 * @param {History} history
 * @param {Rules} rules
 * @returns {Verdict}
 */
function decide(exit, job, history, rules) {
  if (exit.cause === 'exit' && exit.code === 0) return { kind: 'done', why: '' };
  if (exit.retryHint === 'no') return afterFailure(job, history, rules);
  if (!isRetriable(job)) return { kind: 'failed', why: 'it must not be run twice ("retries": 0)' };
  return exit.retryHint === 'bigger' ? withMore(history, rules) : afterLoss(history, rules);
}

/**
 * After a start that was refused: some things pass, the others stay as they are.
 *
 * @param {NodeJS.ErrnoException} error
 * @param {Job} job
 * @param {History} history
 * @param {Rules} rules
 * @returns {Verdict}
 */
function decideOnRefusal({ code = '' }, job, history, rules) {
  const passes = ['EAGAIN', 'ENOMEM', 'EMFILE', 'ENFILE', 'ENOSPC', 'ERR_SPILLWAY_SYSTEM_LIMIT'].includes(code);
  return passes ? afterFailure(job, history, rules) : { kind: 'failed', why: 'another try would end the same way' };
}

/**
 * Whether it may be run twice. Not whether a retry is left: a leaking job in its last run would be
 * spared then, and honest ones would die for it.
 *
 * @param {Job} job
 */
function isRetriable({ retries }) {
  return retries > 0;
}

/**
 * @param {Job} job
 * @param {History} history
 * @param {Rules} rules
 * @returns {Verdict}
 */
function afterFailure({ retries }, history, rules) {
  const failures = history.failures + 1;
  if (retries === 0) return { kind: 'failed', why: 'it must not be run twice ("retries": 0)' };
  if (failures > retries) return { kind: 'given up', why: `it failed ${failures} times; its log tells more` };
  return again(`failure ${failures}, ${retries} retries allowed`, failures, { ...history, failures }, rules);
}

/**
 * @param {History} history
 * @param {Rules} rules
 * @returns {Verdict}
 */
function afterLoss(history, rules) {
  const losses = history.losses + 1;
  if (losses > rules.losses) {
    return { kind: 'given up', why: `it was lost ${losses} times: it leaks, or needs more memory (--memory), or fewer neighbours (--concurrency)` };
  }
  return again(`loss ${losses}, ${rules.losses} allowed`, losses, { ...history, losses }, rules);
}

/**
 * @param {History} history
 * @param {Rules} rules
 * @returns {Verdict}
 */
function withMore(history, rules) {
  const { memoryBytes } = history;
  if (memoryBytes === undefined) return { kind: 'failed', why: 'the limit is its own (Node: --max-old-space-size), so its command must raise it' };
  if (memoryBytes >= rules.capBytes) return { kind: 'given up', why: `its limit is as large as the pool already (${mib(memoryBytes)}): raise --memory, or look for a leak` };
  const moreBytes = Math.min(2 * memoryBytes, rules.capBytes);
  return again(`limit raised from ${mib(memoryBytes)} to ${mib(moreBytes)}`, 1, { ...history, memoryBytes: moreBytes }, rules);
}

/**
 * @param {string} why
 * @param {number} times it went wrong
 * @param {History} history
 * @param {Rules} rules
 * @returns {Verdict}
 */
function again(why, times, history, { firstMs, longestMs }) {
  return { kind: 'again', why, afterMs: Math.min(firstMs * 2 ** (times - 1), longestMs), history };
}

module.exports = { decide, decideOnRefusal, isRetriable };
