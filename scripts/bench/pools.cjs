'use strict';

// pools.cjs ROUNDS FILE: what it costs to take something warm and to give it back, in time of the
// processor. Writes the rows to FILE, as JSON.

const { fork } = require('node:child_process');
const { writeFileSync } = require('node:fs');
const { cpus, release } = require('node:os');
const { join } = require('node:path');
const { setFlagsFromString } = require('node:v8');
const { runInNewContext } = require('node:vm');
const { createPool } = require('generic-pool');
const { LRUCache } = require('lru-cache');
const { spread } = require('./spread.cjs');

/** @type {typeof import('../../lib/pool')} */
const { SlotAllocator, WarmPool } = require(join(__dirname, '../../dist/pool'));
/** @type {typeof import('../../lib/cache')} */
const { InstanceCache } = require(join(__dirname, '../../dist/cache'));

const [, , rounds = '20', file = '/dev/stdout'] = process.argv;
const calls = 100_000;
const names = Array.from({ length: 100 }, (_, index) => `function-${index}`);
const capacities = [1000, 10_000, 100_000, 1_000_000];
setFlagsFromString('--expose-gc');
/** @type {() => void} */
const collect = runInNewContext('gc');

/** @typedef {(calls: number) => Promise<void> | void} Loop */

/**
 * @param {string} step with `it`, `names` and `call`; it may await
 * @param {unknown} it
 * @returns {Loop}
 */
function loop(step, it) {
  const body = `for (let call = 0; call < calls; call++) { ${step} }`;
  return new Function('it', 'names', `return ${step.includes('await') ? 'async ' : ''}(calls) => { ${body} };`)(it, names);
}

/** All slots are warm, and of a thousand keys. */
function warmSlots(/** @type {number} */ capacity) {
  const slots = new SlotAllocator({ capacity, maxUnusedWarmSlots: capacity });
  for (let slot = 0; slot < capacity; slot++) slots.alloc(slot % 1000);
  for (let slot = 0; slot < capacity; slot++) slots.free(slot);
  return slots;
}

const affineStep = 'it.free(it.alloc(call % 1000).slot);';

async function genericPool(/** @type {number} */ max) {
  const pool = createPool({ create: async () => ({}), destroy: async () => undefined }, { max });
  const all = await Promise.all(Array.from({ length: max }, () => pool.acquire()));
  for (const each of all) await pool.release(each);
  return pool;
}

async function instanceCache() {
  /** @type {import('../../lib/cache').InstanceLoader<object, { bytes: number }>} */
  const loader = { source: () => ({ bytes: 100, compile: () => ({}) }), instantiate: () => ({ bytes: 10 }), measure: ({ bytes }) => bytes };
  const cache = new InstanceCache({ loader, maxIdleBytes: '1MiB' });
  for (const name of names) (await cache.acquire(name)).release();
  return cache;
}

function lruCache(/** @type {object} */ more = {}) {
  const cache = new LRUCache({ ...more, maxSize: 2 ** 20, sizeCalculation: (/** @type {{ bytes: number }} */ { bytes }) => bytes });
  for (const name of names) cache.set(name, { bytes: 10 });
  return cache;
}

/** Behind an async function, as a cache must be that may have to wait. */
function asyncLruCache() {
  const cache = lruCache();
  return { get: async (/** @type {string} */ name) => cache.get(name), set: cache.set.bind(cache) };
}

async function warmPool(/** @type {number} */ capacity) {
  const pool = new WarmPool({ create: () => ({}), capacity, maxUnusedWarmSlots: capacity });
  const all = await Promise.all(Array.from({ length: capacity }, (_, index) => pool.acquire(names[index % names.length])));
  for (const lease of all) lease.release();
  return pool;
}

const count = (/** @type {number} */ slots) => `${slots.toLocaleString('en')} slots`;

/** @type {{ name: string, make: () => Promise<Loop> | Loop }[]} */
const rows = [
  ...capacities.map((capacity) => ({ name: `SlotAllocator alloc + free, ${count(capacity)}, own slot`, make: () => loop(affineStep, warmSlots(capacity)) })),
  ...capacities.map((capacity) => ({ name: `the same, least recently used of ${count(capacity)}`, make: () => loop('it.free(it.alloc().slot);', warmSlots(capacity)) })),
  { name: 'generic-pool acquire + release, 1,000 resources', make: async () => loop('it.release(await it.acquire());', await genericPool(1000)) },
  { name: 'WarmPool acquire + release, 1,000 resources', make: async () => loop('(await it.acquire(names[call % 100])).release();', await warmPool(1000)) },
  { name: 'lru-cache get + set, by bytes', make: () => loop('it.set(names[call % 100], it.get(names[call % 100]));', lruCache()) },
  { name: 'the same, with a time limit for what is idle', make: () => loop('it.set(names[call % 100], it.get(names[call % 100]));', lruCache({ ttl: 5000 })) },
  { name: 'InstanceCache tryAcquire + release', make: async () => loop('it.tryAcquire(names[call % 100]).release();', await instanceCache()) },
  { name: 'lru-cache get + set, by bytes, awaited', make: () => loop('it.set(names[call % 100], await it.get(names[call % 100]));', asyncLruCache()) },
  { name: 'InstanceCache acquire + release', make: async () => loop('(await it.acquire(names[call % 100])).release();', await instanceCache()) },
];

/** A process that measures one row whenever it is told to: what several share is compiled for all of them. */
function apart(/** @type {number} */ row) {
  const child = fork(__filename, ['row', String(row)]);
  /** @returns {Promise<number>} nanoseconds a call */
  const next = () => new Promise((resolve, reject) => {
    child.once('exit', reject);
    child.once('message', (ns) => {
      child.off('exit', reject);
      resolve(Number(ns));
    });
  });
  return { ready: next(), measure: () => { child.send('measure'); return next(); }, end: () => { child.disconnect(); } };
}

async function answer(/** @type {number} */ row) {
  const run = await /** @type {typeof rows[number]} */ (rows[row]).make();
  process.on('message', async () => {
    const before = process.cpuUsage();
    await run(calls);
    const { user, system } = process.cpuUsage(before);
    process.send?.(((user + system) * 1000) / calls);
  });
  process.send?.(0);
}

async function measure() {
  const measured = rows.map(({ name }, row) => ({ name, ...apart(row), ns: /** @type {number[]} */ ([]) }));
  for (const { ready } of measured) await ready;
  // Ten rounds before are not counted: nothing is compiled yet.
  for (let round = -10; round < Number(rounds); round++) {
    for (const { measure, ns } of measured) {
      const took = await measure();
      if (round >= 0) ns.push(took);
    }
  }
  for (const { end } of measured) end();
  return measured.map(({ name, ns }) => ({ name, unit: 'ns', ...spread(ns) }));
}

/** Bytes by which a million steps let the heap grow; the least of some times, for what is compiled meanwhile is there, too. */
function grownBytes() {
  const run = loop(affineStep, warmSlots(1000));
  const grown = Array.from({ length: 5 }, () => {
    collect();
    const before = process.memoryUsage().heapUsed;
    void run(1_000_000);
    return process.memoryUsage().heapUsed - before;
  });
  return Math.min(...grown.filter((bytes) => bytes >= 0));
}

async function main() {
  const measured = await measure();
  const p50 = (/** @type {number} */ row) => measured[row]?.p50 ?? NaN;
  const ratio = (/** @type {number} */ row, /** @type {number} */ to) => (p50(row) / p50(to)).toFixed(2);
  const notes = [
    `alloc + free, 1,000,000 to 1,000 slots: ${ratio(3, 0)} (own slot), ${ratio(7, 4)} (least recently used); wanted: at most 2`,
    `generic-pool to alloc + free at 1,000 slots: ${ratio(8, 0)}; wanted: at least 5. To WarmPool: ${ratio(8, 9)}`,
    `a million alloc + free let the heap grow by ${grownBytes()} bytes; wanted: none each`,
    `InstanceCache to lru-cache: ${ratio(12, 10)} (tryAcquire), ${ratio(12, 11)} (tryAcquire, with the time limit that it has), ${ratio(14, 13)} (acquire, both awaited); wanted: at most 1.5`,
  ];
  writeFileSync(file, JSON.stringify({ host: { kernel: release(), node: process.version, cpus: cpus().length, lab: process.env['SPILLWAY_LAB'] !== undefined }, rows: measured, notes }, null, 2));
}

(process.argv[2] === 'row' ? answer(Number(process.argv[3])) : main()).catch((/** @type {unknown} */ error) => {
  console.error(error);
  process.exitCode = 1;
});
