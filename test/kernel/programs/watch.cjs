'use strict';

// watch.cjs OPTIONS [thread]: runs an EventMemoryMonitor of the built package and writes what it tells,
// one "EVENT JSON" per line; "files JSON" at first: what the process holds open. A line on stdin ends it.

const { readdirSync, readlinkSync } = require('node:fs');
const { join } = require('node:path');
const { isMainThread, parentPort, Worker, workerData } = require('node:worker_threads');

/** @type {typeof import('../../../lib/index')} */
const { EventMemoryMonitor } = require(join(__dirname, '../../../build-bundle'));

function openFiles() {
  return readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      return [readlinkSync(`/proc/self/fd/${fd}`)];
    } catch {
      return [];
    }
  });
}

/**
 * @param {string} options
 * @param {(line: string) => void} tell
 */
function watch(options, tell) {
  const monitor = new EventMemoryMonitor(JSON.parse(options));
  for (const event of /** @type {const} */ (['breach', 'clear', 'degraded', 'removed'])) {
    monitor.on(event, (/** @type {unknown[]} */ ...args) => tell(`${event} ${JSON.stringify(args[0] ?? null)}`));
  }
  monitor.start();
  tell(`files ${JSON.stringify(openFiles())}`);
  return monitor;
}

const [, , options = '{}', where] = process.argv;
if (!isMainThread) {
  const monitor = watch(workerData, (line) => parentPort?.postMessage(line));
  parentPort?.once('message', () => {
    monitor.stop();
    parentPort?.close();
  });
} else if (where === 'thread') {
  const thread = new Worker(__filename, { workerData: options });
  thread.on('message', (line) => console.log(line));
  process.stdin.once('data', () => thread.postMessage('stop'));
  thread.once('exit', (code) => process.exit(code));
} else {
  const monitor = watch(options, (line) => console.log(line));
  process.stdin.once('data', () => {
    monitor.stop();
    process.stdin.destroy();
  });
}
