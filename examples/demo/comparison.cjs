// The table at the end: both halves side by side.
'use strict';

const { lostSeconds, whoWas } = require('./losses.cjs');
const { paint } = require('./paint.cjs');
const { seconds } = require('./text.cjs');

/** @typedef {import('./with-spillway.cjs').Result} Result */

const LABEL = 37;
const COLUMN = 21;

/**
 * @param {Result | undefined} withSpillway
 * @param {Result | undefined} without
 * @returns {string}
 */
function comparison(withSpillway, without) {
  const halves = [withSpillway, without];
  /** @type {[string, (result: Result) => string][]} */
  const rows = [
    ['breaches that Spillway heard', ({ breaches }) => (breaches === undefined ? '-' : String(breaches))],
    ['killed by Spillway', ({ members, breaches }) => (breaches === undefined ? '-' : count(whoWas(members, 'killed by Spillway')))],
    ["killed by the kernel's OOM killer", ({ members, kernelOomKills }) => count(whoWas(members, 'killed by the kernel'), kernelOomKills)],
    ['jobs finished', ({ members }) => `${whoWas(members, 'finished').length} of ${members.length}`],
    ['work lost', ({ members }) => seconds(lostSeconds(members))],
    ['  of it not repeatable', ({ members }) => seconds(lostSeconds(members.filter(({ job }) => !job.retriable)))],
  ];
  const lines = rows.map(([label, value]) => line(label, halves.map((result) => (result ? value(result) : ''))));
  return [paint('bold', line('', [withSpillway ? 'with Spillway' : '', without ? 'kernel alone' : ''])), ...lines, ''].join('\n');
}

/**
 * @param {readonly string[]} names
 * @param {number} number
 */
function count(names, number = names.length) {
  return names.length === 0 ? String(number) : `${names.join(', ')}: ${number}`;
}

/**
 * @param {string} label
 * @param {readonly string[]} values
 */
function line(label, values) {
  return `${label.padEnd(LABEL)}${values.map((value) => value.padStart(COLUMN)).join('')}`.trimEnd();
}

module.exports = { comparison };
