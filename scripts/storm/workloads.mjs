// The storms, and who should die in each: written down before any guard has seen them.

export const MIB = 2 ** 20;

/** All guards get the same pool. The mark is memory.high where a guard has use for that, and always the threshold that the guard is told. */
export const pool = {
  markBytes: 224 * MIB,
  maxBytes: 256 * MIB,
  /** A shortage begins where memory that cannot be reclaimed is above this while the mark is met, ... */
  shortBytes: 224 * MIB * 0.975,
  /** ... and is over here: the mark less 5 % of it. */
  clearBytes: 224 * MIB * 0.95,
};

/**
 * @typedef {object} Member of the cast
 * @property {string} id
 * @property {(string | number)[]} does kind, memory in MiB, and what else worker.pl wants to know
 * @property {boolean} retriable whether its work can be done again
 * @property {number} [leadSeconds] how long it has worked when the next one starts (default 0)
 */

/**
 * @typedef {object} Workload
 * @property {string} name
 * @property {string} title
 * @property {Member[]} cast in the order of their start
 * @property {RegExp | undefined} right ids of those that may die; undefined: nobody
 * @property {string} why
 * @property {number} stormSeconds from the opening of the gate to the end of the round
 * @property {boolean} growing whether a shortage is to be expected
 */

/** The largest and oldest worker, and no fault of its own. */
const ledger = (mib = 128, leadSeconds = 3) => ({ id: 'ledger', does: ['honest', mib], retriable: false, leadSeconds });
const neighbours = [1, 2].map((number) => ({ id: `honest-${number}`, does: ['honest', 8], retriable: true, leadSeconds: 0.5 }));

/** @param {number} rate MiB a second; 0: as fast as it can */
const leaker = (rate) => ({ id: 'leaker', does: ['grower', 2, rate, 1000], retriable: true });
const leakerDies = 'The leaker: it alone grows, can be done again, and started last. The ledger is larger, but is innocent and cannot be repeated.';

/** The file that the reader reads: larger than the mark, on an ordinary disk. */
export const cacheFile = { path: '/scratch/storm-cache', mib: 400 };

/** @type {Workload[]} */
export const workloads = [
  { name: 'leak', title: 'slow leak, 25 MiB/s', cast: [ledger(), ...neighbours, leaker(25)], right: /^leaker$/, why: leakerDies, stormSeconds: 10, growing: true },
  { name: 'burst-64', title: 'burst, 64 MiB/s', cast: [ledger(), ...neighbours, leaker(64)], right: /^leaker$/, why: leakerDies, stormSeconds: 6, growing: true },
  { name: 'burst-256', title: 'burst, 256 MiB/s', cast: [ledger(), ...neighbours, leaker(256)], right: /^leaker$/, why: leakerDies, stormSeconds: 5, growing: true },
  { name: 'burst-full', title: 'burst, as fast as it can', cast: [ledger(), ...neighbours, leaker(0)], right: /^leaker$/, why: leakerDies, stormSeconds: 5, growing: true },
  {
    name: 'many',
    title: 'ten small growers',
    cast: [ledger(64, 12), ...neighbours, ...Array.from({ length: 10 }, (_, index) => ({ id: `grower-${index}`, does: ['grower', 1, 5, 16], retriable: true }))],
    right: /^grower-/,
    why: 'Growers, as many as it takes: together they want more than there is, they can be done again, and started last. The ledger is the largest, and innocent.',
    stormSeconds: 6,
    growing: true,
  },
  {
    name: 'cache',
    title: 'reader of a large file',
    cast: [ledger(64, 1), ...neighbours, { id: 'reader', does: ['reader', 1, cacheFile.path], retriable: true }],
    right: undefined,
    why: 'Nobody: the pool is full of page cache, which the kernel can take back at any time.',
    stormSeconds: 6,
    growing: false,
  },
  {
    name: 'isolation',
    title: 'pool held at the mark, nobody killed',
    cast: [ledger(), ...neighbours, leaker(64)],
    right: undefined,
    why: 'Nobody: the supervisor is asked to kill nobody here, so that its own heartbeat can be watched while the pool is throttled.',
    stormSeconds: 5,
    growing: true,
  },
];
