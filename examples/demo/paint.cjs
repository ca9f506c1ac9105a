// Colours, where they are wanted: on a terminal or with FORCE_COLOR, never with NO_COLOR.
'use strict';

const CODES = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33 };

/** @typedef {keyof typeof CODES} Colour */

const { NO_COLOR, FORCE_COLOR } = process.env;
const wanted = FORCE_COLOR === undefined ? process.stdout.isTTY : FORCE_COLOR !== '0' && FORCE_COLOR !== 'false';
const enabled = wanted && !NO_COLOR;

/**
 * @param {Colour} colour
 * @param {string} text
 */
function paint(colour, text) {
  return enabled ? `\x1b[${CODES[colour]}m${text}\x1b[0m` : text;
}

module.exports = { paint };
