'use strict';

// watches.cjs ROUNDS FILE: what 1 to 10,000 watches of a memory.events cost, each number in a process of
// its own, beside fs.watch(). On a real cgroup2 up to 1,000, elsewhere folders with files of that form.
// Writes the rows to FILE, as JSON.

const { spawn } = require('node:child_process');
const { once } = require('node:events');
const { existsSync, mkdirSync, mkdtempSync, rmdirSync, statfsSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');
const { files, makeFolder } = require('./fixture-folder.cjs');
const { row, writeResult } = require('./report.cjs');

const [, , rounds = '3', file = '/dev/stdout'] = process.argv;
const root = '/sys/fs/cgroup';
const onKernel = statfsSync(root).type === 0x63677270 && process.env['SPILLWAY_LAB'] !== undefined;
const counts = onKernel ? [1, 10, 100, 1000] : [1, 10, 100, 1000, 10_000];
const idle = { count: 1000, ms: 20_000 };
/** Eight descriptors for each watch of a cgroup may be more than the limit, which not everybody may raise. */
const raised = 'ulimit -n 100000 2> /dev/null; exec "$@"';

/** @typedef {{ registrationUs: number, userBytes: number, kernelBytes: number, descriptors: number, dispatchUs: number[], idleShare: number, sleepsPerSecond: number }} Cost */

/** Cgroups, or folders that look like such. */
function makeAll() {
  const most = Math.max(...counts);
  if (!onKernel) {
    // Fewer files than a cgroup has, in memory where that can be: to make them takes longer than all that is measured.
    const { 'memory.events': events, 'memory.current': current, 'memory.high': high } = files;
    const inMemory = existsSync('/dev/shm');
    const all = makeFolder({}, inMemory ? mkdtempSync('/dev/shm/spillway-bench-') : undefined);
    for (let index = 0; index < most; index++) makeFolder({ 'memory.events': events, 'memory.current': current, 'memory.high': high }, join(all.directory, String(index)));
    return all;
  }
  const directory = join(root, `spillway-bench-${process.pid}`);
  const made = [directory, ...Array.from({ length: most }, (_, index) => join(directory, String(index)))];
  for (const each of made) {
    writeFileSync(join(each, '../cgroup.subtree_control'), '+memory');
    mkdirSync(each);
  }
  return { directory, remove: () => { for (const each of made.toReversed()) rmdirSync(each); } };
}

/**
 * @param {string} kind
 * @param {number} count
 * @param {string} directory
 * @param {number} idleMs
 * @returns {Promise<Cost>}
 */
async function cost(kind, count, directory, idleMs) {
  const own = [process.execPath, '--expose-gc', join(__dirname, 'watches-listener.cjs'), kind, String(count), directory, String(idleMs)];
  const child = spawn('sh', ['-c', raised, 'sh', ...own], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const ended = once(child, 'exit').then(([code]) => { throw new Error(`watches-listener.cjs ended with ${code}`); });
  const sent = once(child, 'message');
  const [measured] = await Promise.race([sent, ended]);
  await ended.catch(() => undefined);
  return measured;
}

async function main() {
  const kinds = [{ kind: 'fs-watch', name: 'fs.watch()' }, { kind: 'monitor', name: 'EventMemoryMonitor' }];
  const measured = counts.flatMap((count) => kinds.map((each) => ({ ...each, count, costs: /** @type {Cost[]} */ ([]) })));
  const { directory, remove } = makeAll();
  try {
    // One round before is not counted: nothing is cached yet.
    for (let round = -1; round < Number(rounds); round++) {
      for (const { kind, count, costs } of round % 2 === 0 ? measured : measured.toReversed()) {
        const each = await cost(kind, count, directory, count === idle.count && round >= 0 ? idle.ms : 0);
        if (round >= 0) costs.push(each);
      }
    }
  } finally {
    remove();
  }
  const of = (/** @type {string} */ what, /** @type {string} */ unit, /** @type {(cost: Cost) => number | number[]} */ figure, /** @type {number} */ least = 1) => measured
    .filter(({ count }) => count >= least)
    .map(({ name, kind, count, costs }) => row(`${name}, ${count}: ${what}`, unit, costs.flatMap(figure), { basis: kind === 'fs-watch' }));
  const idling = measured.filter(({ count }) => count === idle.count);
  writeResult(file, [
    ...of('to begin one', 'µs', ({ registrationUs }) => registrationUs),
    // What a few take is lost in the pages that others take.
    ...of('user memory of one', 'KiB', ({ userBytes }) => userBytes / 1024, 1000),
    ...of('kernel memory of one', 'KiB', ({ kernelBytes }) => kernelBytes / 1024, 1000),
    ...of('descriptors of one', '', (each) => each.descriptors, 100),
    ...(onKernel ? [] : of('from a change to JavaScript', 'µs', ({ dispatchUs }) => dispatchUs)),
    ...idling.map(({ name, kind, costs }) => row(`${name}, ${idle.count}, idle: share of one core`, '%', costs.map(({ idleShare }) => idleShare * 100), { basis: kind === 'fs-watch' })),
    ...idling.map(({ name, kind, costs }) => row(`${name}, ${idle.count}, idle: wake-ups a second, of all threads`, '', costs.map(({ sleepsPerSecond }) => sleepsPerSecond), { basis: kind === 'fs-watch' })),
  ]);
}

main().catch((/** @type {unknown} */ error) => {
  console.error(error);
  process.exitCode = 1;
});
