'use strict';

// watches-listener.cjs KIND COUNT DIRECTORY IDLE_MS: watches the memory.events of the folders 0, 1, ... in
// DIRECTORY and sends what that costs. Needs --expose-gc.

const { readFileSync, readdirSync, watch, writeFileSync } = require('node:fs');
const { join } = require('node:path');
const { setTimeout: wait } = require('node:timers/promises');

/** @type {typeof import('../../lib/index')} */
const { EventMemoryMonitor } = require(join(__dirname, '../../dist'));

const [, , kind = '', countText = '', directory = '', idleMs = '0'] = process.argv;
const count = Number(countText);
const folders = Array.from({ length: count }, (_, index) => join(directory, String(index)));
let heard = () => {};

/** @type {Record<string, (folder: string) => () => void>} */
const kinds = {
  'monitor'(cgroup) {
    // Growth of `oom` is told at once, that of `high` without a shortage only at the safety read.
    const monitor = new EventMemoryMonitor({ cgroup, keys: ['high', 'oom'], keepAlive: true });
    monitor.on('breach', () => heard()).start();
    return () => monitor.stop();
  },
  'fs-watch'(folder) {
    const watcher = watch(join(folder, 'memory.events'), () => heard());
    return () => watcher.close();
  },
};
const start = /** @type {(folder: string) => () => void} */ (kinds[kind]);

const openFiles = () => readdirSync('/proc/self/fd').length;
/** Unreclaimable slab of the whole machine: what inodes and dentries take that are cached anyhow is not in it. */
const slabBytes = () => Number(/^SUnreclaim:\s+(\d+) kB$/m.exec(readFileSync('/proc/meminfo', 'utf8'))?.[1]) * 1024;
const rssBytes = () => {
  for (let times = 0; times < 3; times++) global.gc?.();
  return process.memoryUsage.rss();
};
/** Of all threads: milliseconds on a processor, and how often one has gone to sleep. */
function activity() {
  let [ranMs, sleeps] = [0, 0];
  for (const task of readdirSync('/proc/self/task')) {
    ranMs += Number(readFileSync(`/proc/self/task/${task}/schedstat`, 'utf8').split(' ')[0]) / 1e6;
    sleeps += Number(/^voluntary_ctxt_switches:\s*(\d+)$/m.exec(readFileSync(`/proc/self/task/${task}/status`, 'utf8'))?.[1]);
  }
  return { ranMs, sleeps };
}

/** One change among all, again and again: microseconds from before the write until JavaScript hears of it. */
async function dispatches() {
  const us = [];
  for (let change = 0; change < 60; change++) {
    const path = join(folders[(change * 7919) % count] ?? '', 'memory.events');
    const told = new Promise((resolve) => { heard = () => resolve(performance.now()); });
    const beginMs = performance.now();
    // Always as long and always more, for the next process as well, and exact in a double.
    writeFileSync(path, `low 0\nhigh 1000000\nmax 0\noom 1${String(process.hrtime.bigint() / 1000n).padStart(14, '0')}\n`, { flag: 'r+' });
    us.push(((await told) - beginMs) * 1000);
    await wait(2);
  }
  return us.slice(10);
}

async function main() {
  // The thread, and what is compiled at the first: not of the watches.
  const warm = start(folders[0] ?? '');
  await wait(50);
  warm();
  for (const folder of folders) readFileSync(join(folder, 'memory.events'));
  const before = { files: openFiles(), slab: slabBytes(), rss: rssBytes() };
  const beginMs = performance.now();
  const stops = folders.map(start);
  const startedMs = performance.now();
  const after = { files: openFiles(), slab: slabBytes(), rss: rssBytes() };
  const us = process.env['SPILLWAY_LAB'] === undefined ? await dispatches() : [];
  const idleBefore = activity();
  const idleBeginMs = performance.now();
  await wait(Number(idleMs));
  const [idle, idleForMs] = [activity(), performance.now() - idleBeginMs];
  for (const stop of stops) stop();
  process.send?.({
    registrationUs: ((startedMs - beginMs) * 1000) / count,
    userBytes: (after.rss - before.rss) / count,
    kernelBytes: (after.slab - before.slab) / count,
    descriptors: (after.files - before.files) / count,
    dispatchUs: us,
    idleShare: (idle.ranMs - idleBefore.ranMs) / idleForMs,
    sleepsPerSecond: ((idle.sleeps - idleBefore.sleeps) * 1000) / idleForMs,
  });
}

main().catch((/** @type {unknown} */ error) => {
  console.error(error);
  process.exitCode = 1;
});
