// Whether Spillway kept its promise in one half of the demo.
'use strict';

const { list } = require('./text.cjs');

/** @typedef {import('./with-spillway.cjs').Result} Result */

/**
 * What went wrong, in sentences; nothing when all is well: the kernel killed nobody, Spillway killed
 * the youngest retriable worker, which is the one that leaks, and all others finished.
 * @param {Result} result
 */
function faults({ members, kernelOomKills, reports }) {
  const found = [];
  if (kernelOomKills > 0) found.push(`The kernel's OOM killer killed ${kernelOomKills} process(es).`);
  const victims = reports.flatMap((report) => report.victims.map(({ id }) => ({ id, youngest: youngestRetriable(report) })));
  if (victims.length !== 1) found.push(`Spillway killed ${victims.length} workers instead of one: ${list(victims.map(({ id }) => id)) || 'none'}.`);
  for (const { id, youngest } of victims) {
    if (id !== youngest) found.push(`Spillway killed ${id}, but the youngest retriable worker was ${youngest}.`);
    if (!members.some(({ job }) => job.id === id && job.leakMib > 0)) found.push(`Spillway killed ${id}, which does not leak.`);
  }
  for (const { job, state } of members) {
    if (state !== 'finished' && !victims.some(({ id }) => id === job.id)) found.push(`${job.id} should have finished, but it ${state}.`);
  }
  return found;
}

/** @param {import('spillway').ReliefReport} report */
function youngestRetriable({ candidates }) {
  return candidates.filter(({ retriable }) => retriable).toSorted((a, b) => b.startedAtMs - a.startedAtMs)[0]?.id;
}

module.exports = { faults };
