'use strict';

// start-stop.cjs ROUNDS FILE: what it takes to begin and to end watching a memory.events, beside
// fs.watch(). The first monitor of a process starts the native thread, and the last one ends it. Writes
// the rows to FILE, as JSON.

const { watch } = require('node:fs');
const { join } = require('node:path');
const { files, makeFolder } = require('./fixture-folder.cjs');
const { inTurn, writeResult } = require('./report.cjs');

/** @type {typeof import('../../lib/index')} */
const { EventMemoryMonitor } = require(join(__dirname, '../../dist'));

const [, , rounds = '200', file = '/dev/stdout'] = process.argv;
/** Watched at once, where one follows another. */
const count = 100;

async function main() {
  const folders = Array.from({ length: count }, () => makeFolder(files));
  const paths = folders.map(({ directory }) => directory);
  const monitor = (/** @type {string} */ cgroup) => {
    const started = new EventMemoryMonitor({ cgroup }).start();
    return () => started.stop();
  };
  const watcher = (/** @type {string} */ cgroup) => {
    const started = watch(join(cgroup, 'memory.events'), () => {});
    return () => started.close();
  };
  /** @param {(cgroup: string) => () => void} start */
  const alone = (start) => () => {
    const beginMs = performance.now();
    start(paths[0] ?? '')();
    return (performance.now() - beginMs) * 1000;
  };
  /** @param {(cgroup: string) => () => void} start */
  const besideOthers = (start) => () => {
    const others = start(paths[0] ?? '');
    const beginMs = performance.now();
    for (const stop of paths.slice(1).map(start)) stop();
    const tookUs = ((performance.now() - beginMs) * 1000) / (count - 1);
    others();
    return tookUs;
  };
  try {
    writeResult(file, await inTurn(Number(rounds), [
      { name: 'fs.watch() and close(), the first', unit: 'µs', basis: true, measure: alone(watcher) },
      { name: 'EventMemoryMonitor start() and stop(), the first: with the thread', unit: 'µs', measure: alone(monitor) },
      { name: 'fs.watch() and close(), one of a hundred', unit: 'µs', basis: true, measure: besideOthers(watcher) },
      { name: 'EventMemoryMonitor start() and stop(), one of a hundred', unit: 'µs', measure: besideOthers(monitor) },
    ]));
  } finally {
    for (const { remove } of folders) remove();
  }
}

main().catch((/** @type {unknown} */ error) => {
  console.error(error);
  process.exitCode = 1;
});
