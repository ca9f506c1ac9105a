import { quote } from './job.mjs';

/**
 * @typedef {object} GuestSettings
 * @property {number} diskMib 0: none
 * @property {number} swapMib 0: none
 * @property {readonly string[]} shares absolute paths of host directories
 * @property {readonly string[]} needed absolute paths that the command must find
 */

/**
 * What init.sh reads: shell assignments, and functions that call its own.
 * @param {GuestSettings} settings
 * @param {string} endMarker
 */
export function settingsScript({ diskMib, swapMib, shares, needed }, endMarker) {
  return [
    `END_MARKER=${quote(endMarker)}`,
    `DISK=${diskMib > 0 ? 'vda' : ''}`,
    `SWAP=${swapMib > 0 ? (diskMib > 0 ? 'vdb' : 'vda') : ''}`,
    `SHARES='${shares.map((_, index) => `share${index}`).join(' ')}'`,
    // `:` because the shell has no empty functions.
    ...['keeps() { :', ...keptDirectories(needed).map((path) => `keep ${quote(path)}`), '}'],
    ...['shares() { :', ...shares.map((path, index) => `share share${index} ${quote(path)}`), '}'],
    '',
  ].join('\n');
}

/**
 * Top directories in /tmp and /run that the command needs: the guest mounts
 * an empty tmpfs over both.
 * @param {readonly string[]} paths
 */
export function keptDirectories(paths) {
  const tops = paths.map((path) => /^\/(tmp|run)\/[^/]+(?=\/)/.exec(`${path}/`)?.[0]).filter((path) => path !== undefined);
  return [...new Set(tops)];
}
