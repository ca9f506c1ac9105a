// How the account tells that a job starts and how it ends.
'use strict';

const { mib, seconds } = require('./text.cjs');

/**
 * @typedef {import('./account.cjs').Account} Account
 * @typedef {import('./workforce.cjs').Member} Member
 */

/**
 * @param {Account} account
 * @param {Member} member
 */
function tellStart(account, { job }) {
  const { id, task, workSeconds, retriable } = job;
  account.event('START', `${id} ${task}: ${workSeconds} s of work, ${retriable ? 'repeatable' : 'not repeatable'}`);
}

/**
 * What Spillway did is told with its reasons elsewhere.
 * @param {Account} account
 * @param {Member} member
 */
function tellEnd(account, { job, state }) {
  if (state === 'finished') account.event('DONE', `${job.id} has done all of its ${job.workSeconds} s of work`, 'green');
  if (state === 'failed') account.event('FAILED', `${job.id} has ended in an unforeseen way`, 'red');
}

/**
 * @param {Account} account
 * @param {Member} member who was killed
 * @param {readonly Member[]} members
 */
function tellKernelKill(account, { job, memoryBytes, doneSeconds }, members) {
  const largest = members.every((other) => other.memoryBytes <= memoryBytes);
  const size = `it held ${mib(memoryBytes)}${largest ? ', the most of all' : ''}`;
  account.event('OOM KILL', `the kernel kills ${job.id}: ${size}`, 'red');
  account.more('', loss(job, doneSeconds));
}

/**
 * @param {import('./workload.cjs').Job} job
 * @param {number} doneSeconds
 */
function loss({ retriable }, doneSeconds) {
  return `${seconds(doneSeconds)} of work lost, ${retriable ? 'repeatable' : 'not repeatable'}`;
}

module.exports = { loss, tellEnd, tellKernelKill, tellStart };
