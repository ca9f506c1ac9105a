'use strict';

// limiter.cjs ROUNDS FILE: what a call of the memory limiter costs while there is room, in time of the
// processor. Writes the rows to FILE, as JSON.

const { join } = require('node:path');
const { row, writeResult } = require('./report.cjs');

/** @type {typeof import('../../lib/accounting')} */
const { MemoryLimiter } = require(join(__dirname, '../../dist/accounting'));

const [, , rounds = '20', file = '/dev/stdout'] = process.argv;

class Nothing {
  /** @returns {Promise<void> | undefined} */
  waitForCapacity() {
    return undefined;
  }
}

/** What a user would write instead. */
class Asking {
  constructor(/** @type {number} */ limitBytes) {
    this.slowAtBytes = 0.95 * limitBytes;
  }

  /** @returns {Promise<void> | undefined} */
  waitForCapacity() {
    return process.memoryUsage.rss() > this.slowAtBytes ? new Promise((resolve) => void setTimeout(resolve, 25)) : undefined;
  }
}

/**
 * Each has a loop of its own, for one that is shared is compiled for all of them.
 *
 * @param {{ waitForCapacity(): Promise<void> | undefined }} limiter
 * @param {number} calls
 * @returns {() => number} nanoseconds a call
 */
function loop(limiter, calls) {
  const body = new Function('limiter', 'calls', 'let waits = 0; for (let call = 0; call < calls; call++) if (limiter.waitForCapacity() !== undefined) waits++; return waits;');
  return () => {
    const before = process.cpuUsage();
    if (body(limiter, calls) !== 0) throw new Error('there was no room');
    const { user, system } = process.cpuUsage(before);
    return ((user + system) * 1000) / calls;
  };
}

const limitBytes = 2 ** 40;
const limiter = new MemoryLimiter({ limitBytes });
const reading = new MemoryLimiter({ limitBytes, read: () => 1 });
const measured = [
  { name: 'an empty call', run: loop(new Nothing(), 10_000_000) },
  { name: 'waitForCapacity() with room', run: loop(limiter, 10_000_000) },
  { name: 'the same, with a reader', run: loop(reading, 10_000_000) },
  { name: 'process.memoryUsage.rss() at each call', run: loop(new Asking(limitBytes), 10_000) },
].map((each) => ({ ...each, ns: /** @type {number[]} */ ([]) }));

// Two rounds before are not counted: nothing is compiled yet.
for (let round = -2; round < Number(rounds); round++) {
  for (const { run, ns } of measured) {
    const took = run();
    if (round >= 0) ns.push(took);
  }
}
limiter.stop();
reading.stop();

const rows = measured.map(({ name, ns }) => row(name, 'ns', ns));
const [empty = NaN, room = NaN] = rows.map(({ p50 }) => p50);
const notes = [`waitForCapacity() with room takes ${(room - empty).toFixed(1)} ns more than an empty call (wanted: at most 30)`];
writeResult(file, rows, notes);
