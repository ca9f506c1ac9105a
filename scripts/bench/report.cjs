'use strict';

// What the benchmarks have in common: rounds in turn, and the file with the result.

const { writeFileSync } = require('node:fs');
const { cpus, release } = require('node:os');
const { spread } = require('./spread.cjs');

/** @typedef {ReturnType<typeof row>} Row */

/**
 * @param {string} name
 * @param {string} unit
 * @param {number[]} figures
 * @param {{ basis?: boolean }} [more] `basis`: the rows after it are compared with it, not with the first one
 */
function row(name, unit, figures, more = {}) {
  return { name, unit, ...spread(figures), ...more };
}

/**
 * Rounds of each in turn, every second one from behind, so that none always comes after the same. Two
 * rounds before are not counted: nothing is compiled or cached yet.
 *
 * @param {number} rounds
 * @param {readonly { name: string, unit: string, basis?: boolean, measure: () => Promise<number | number[]> | number | number[] }[]} measured
 * @returns {Promise<Row[]>}
 */
async function inTurn(rounds, measured) {
  const all = measured.map((each) => ({ ...each, figures: /** @type {number[]} */ ([]) }));
  for (let round = -2; round < rounds; round++) {
    for (const { measure, figures } of round % 2 === 0 ? all : all.toReversed()) {
      const figure = await measure();
      if (round >= 0) figures.push(...[figure].flat());
    }
  }
  return all.map(({ name, unit, figures, basis = false }) => row(name, unit, figures, basis ? { basis } : {}));
}

/**
 * @param {string} file
 * @param {readonly Row[]} rows
 * @param {readonly string[]} [notes] sentences below the table
 */
function writeResult(file, rows, notes = []) {
  const host = { kernel: release(), node: process.version, cpus: cpus().length, cpu: cpus()[0]?.model.trim(), lab: process.env['SPILLWAY_LAB'] !== undefined };
  writeFileSync(file, `${JSON.stringify({ host, rows, notes }, undefined, 2)}\n`);
}

module.exports = { inTurn, row, writeResult };
