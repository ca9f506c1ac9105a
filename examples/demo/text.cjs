// Text for a terminal of 80 columns.
'use strict';

const { MIB } = require('./workload.cjs');

const WIDTH = 79;

/**
 * Breaks text into lines between words; a word that is too long stays whole.
 * @param {string} text
 * @param {number} width
 */
function wrap(text, width) {
  /** @type {string[]} */
  const lines = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}

/** @param {number} bytes */
function mib(bytes) {
  return `${Math.round(bytes / MIB)} MiB`;
}

/** @param {number} value */
function seconds(value) {
  return `${value.toFixed(1)} s`;
}

/** @param {number} value */
function milliseconds(value) {
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ms`;
}

/** @param {readonly string[]} words */
function list(words) {
  return words.length < 2 ? words.join() : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;
}

module.exports = { WIDTH, list, mib, milliseconds, seconds, wrap };
