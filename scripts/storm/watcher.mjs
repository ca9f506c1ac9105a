import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { pool as limits } from './workloads.mjs';

/**
 * What the watcher saw; times in milliseconds of the monotonic clock.
 * @typedef {object} Watched
 * @property {{ atMs: number, currentBytes: number, pinnedBytes: number, stallMs: number }[]} samples
 * @property {Shortage[]} shortages
 *
 * @typedef {object} Shortage
 * @property {number} fromMs
 * @property {number} toMs Infinity: not over
 * @property {number} peakBytes the most pinned memory
 */

/**
 * Starts native/bench/storm_watcher on a pool.
 * @param {string} program
 * @param {string} pool
 */
export async function watch(program, pool) {
  const { markBytes, shortBytes, clearBytes } = limits;
  const child = spawn(program, [pool, ...[markBytes, shortBytes, clearBytes].map((bytes) => String(Math.floor(bytes)))], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout });
  await once(lines, 'line');
  /** @type {Watched} */
  const watched = { samples: [], shortages: [] };
  lines.on('line', (line) => take(watched, line));
  return {
    stop: async () => {
      const closed = once(lines, 'close');
      child.stdin.end();
      await closed;
      return watched;
    },
  };
}

/**
 * @param {Watched} watched
 * @param {string} line
 */
function take({ samples, shortages }, line) {
  const [word, ...numbers] = line.split(' ');
  const [at = NaN, first = NaN, second = NaN, stall = NaN] = numbers.map(Number);
  const atMs = at / 1000;
  const last = shortages.at(-1);
  if (word === 'sample') {
    samples.push({ atMs, currentBytes: first, pinnedBytes: second, stallMs: stall / 1000 });
    if (last?.toMs === Infinity) last.peakBytes = Math.max(last.peakBytes, second);
  } else if (word === 'short') {
    shortages.push({ fromMs: atMs, toMs: Infinity, peakBytes: second });
  } else if (last !== undefined) {
    Object.assign(last, { toMs: atMs, peakBytes: first });
  }
}
