// What runs in both halves of the demo: five jobs in one pool of memory.
'use strict';

const MIB = 2 ** 20;

/** Both halves have the same hard limit; the mark below it is Spillway's. */
const pool = {
  /** `memory.max`: here the kernel's OOM killer comes in. */
  maxBytes: 256 * MIB,
  /** `memory.high`: here Spillway comes in. */
  markBytes: 224 * MIB,
};

/**
 * @typedef {object} Job
 * @property {string} id
 * @property {string} task what it does, for people
 * @property {boolean} retriable whether that can be done again
 * @property {number} startSeconds its place in the schedule
 * @property {number} workSeconds how long it has to work
 * @property {number} memoryMib what it needs
 * @property {number} leakMib what it forgets to free: this much in its first step, twice as much in its second, ...
 */

/** @type {Job[]} */
const jobs = [
  { id: 'payroll', task: 'pays the salaries', retriable: false, startSeconds: 0, workSeconds: 22, memoryMib: 114, leakMib: 0 },
  { id: 'index', task: 'indexes documents', retriable: true, startSeconds: 2.5, workSeconds: 15, memoryMib: 20, leakMib: 0 },
  { id: 'report', task: 'adds up a report', retriable: true, startSeconds: 4.5, workSeconds: 14, memoryMib: 12, leakMib: 0 },
  { id: 'thumbs', task: 'shrinks pictures', retriable: true, startSeconds: 6.5, workSeconds: 13, memoryMib: 8, leakMib: 0 },
  { id: 'convert', task: 'converts videos', retriable: true, startSeconds: 9, workSeconds: 30, memoryMib: 4, leakMib: 1 },
];

module.exports = { MIB, jobs, pool };
