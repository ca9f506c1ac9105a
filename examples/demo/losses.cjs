// What one half has cost.
'use strict';

/**
 * @typedef {import('./workforce.cjs').Member} Member
 * @typedef {import('./workforce.cjs').End} End
 */

/**
 * Those who ended in this way.
 * @param {readonly Member[]} members
 * @param {End} end
 */
function whoWas(members, end) {
  return members.filter(({ state }) => state === end).map(({ job }) => job.id);
}

/**
 * Seconds of work that were done and are lost, because the worker did not live to finish it.
 * @param {readonly Member[]} members
 */
function lostSeconds(members) {
  return members.filter(({ state }) => state !== 'finished').reduce((sum, { doneSeconds }) => sum + doneSeconds, 0);
}

module.exports = { lostSeconds, whoWas };
