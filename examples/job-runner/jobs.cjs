// The list of jobs: JSON, one job per line.
'use strict';

/**
 * @typedef {object} Job
 * @property {string} id
 * @property {[string, ...string[]]} command
 * @property {number} retries how often it may be run again after a failure; with 0 it is never run twice
 * @property {number} [memoryBytes] its own limit
 * @property {string} [group]
 */

const KEYS = ['id', 'command', 'retries', 'memory', 'group'];
const UNITS = { MiB: 2 ** 20, GiB: 2 ** 30 };

/**
 * @param {string} text
 * @returns {Job[]}
 * @throws {Error} that names the line
 */
function parseJobs(text) {
  /** @type {Map<string, Job>} */
  const jobs = new Map();
  for (const [index, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue;
    try {
      const job = parseJob(JSON.parse(line));
      if (jobs.has(job.id)) throw new Error(`there is a job ${job.id} already`);
      jobs.set(job.id, job);
    } catch (error) {
      throw new Error(`line ${index + 1}: ${/** @type {Error} */ (error).message}`, { cause: error });
    }
  }
  if (jobs.size === 0) throw new Error('no jobs');
  return [...jobs.values()];
}

/** @param {any} given */
function parseJob(given) {
  check(typeof given === 'object' && given !== null && !Array.isArray(given), 'a job is an object: { "id": ..., "command": [...] }');
  const unknown = Object.keys(given).find((key) => !KEYS.includes(key));
  check(unknown === undefined, `unknown key ${JSON.stringify(unknown)}; known are ${KEYS.join(', ')}`);
  const { id, command, retries = 2, memory, group } = given;
  // It names the log file, too.
  check(isName(id), '"id" must be 1 to 64 letters, digits, _ or -');
  check(Array.isArray(command) && command.length > 0 && command.every(isText) && command[0] !== '', '"command" must be a list of strings: the program, then its arguments');
  check(Number.isInteger(retries) && retries >= 0 && retries <= 100, '"retries" must be a whole number from 0 to 100');
  check(group === undefined || isName(group), '"group" must be 1 to 64 letters, digits, _ or -');
  /** @type {Job} */
  const job = { id, command, retries };
  if (memory !== undefined) job.memoryBytes = parseMemory(memory);
  if (group !== undefined) job.group = group;
  return job;
}

/** @param {unknown} memory */
function parseMemory(memory) {
  const [, count, unit] = /^([1-9]\d{0,5})(MiB|GiB)$/.exec(String(memory)) ?? [];
  check(unit !== undefined, '"memory" must be text such as "64MiB" or "2GiB"');
  return Number(count) * UNITS[/** @type {'MiB' | 'GiB'} */ (unit)];
}

/** @param {unknown} value */
function isName(value) {
  return typeof value === 'string' && /^[\w-]{1,64}$/.test(value);
}

/** @param {unknown} value */
function isText(value) {
  return typeof value === 'string' && !value.includes('\0');
}

/**
 * @param {boolean} isRight
 * @param {string} message
 */
function check(isRight, message) {
  if (!isRight) throw new Error(message);
}

module.exports = { parseJobs };
