'use strict';

// supervisor.cjs TASK NAME: a supervisor at level polling with three workers, each of two processes. Prints their
// pids in one line, and then ends in the way that TASK tells.

const { once } = require('node:events');
const { isMainThread, parentPort, Worker, workerData } = require('node:worker_threads');
const { assert, load, resources, settle } = require('./common.cjs');

const [task = '', name = ''] = isMainThread ? process.argv.slice(2) : workerData;

/** @param {readonly NodeJS.Signals[]} [closeOn] @param {number} [graceMs] */
async function start(closeOn = [], graceMs = 0) {
  // What keeps a host from more is another test's matter.
  process.removeAllListeners('warning');
  const supervisor = await load().Supervisor.create({ name, limits: { highBytes: '1TiB' }, closeOn, graceMs });
  const pids = [];
  for (let count = 0; count < 3; count += 1) {
    const worker = await supervisor.spawn('sh', ['-c', 'sleep 600 & echo $!; wait; exit 3'], { stdio: ['ignore', 'pipe', 'ignore'] });
    assert.ok(worker.process.stdout);
    const [child] = await once(worker.process.stdout, 'data');
    pids.push(worker.pid, Number(child));
  }
  console.log(JSON.stringify(pids));
  return supervisor;
}

/** @param {Worker} thread @returns {Promise<number>} */
const codeOf = (thread) =>
  new Promise((resolve) => {
    thread.on('error', () => undefined);
    thread.on('exit', resolve);
  });

/** The same in a worker thread; then the main thread looks whether anything is left of it. */
async function inThread() {
  // The first brings what stays with the process; it is not counted.
  await codeOf(new Worker('0', { eval: true }));
  const before = resources();
  const code = await codeOf(new Worker(__filename, { workerData: [task.slice('thread: '.length), name] }));
  // A thread that was joined may still be listed for a moment.
  for (let look = 0; look < 200 && resources().threads.length > before.threads.length; look += 1) await settle(10);
  assert.deepEqual(resources(), before);
  console.log(`the thread ended with ${code}`);
}

/** A terminated thread runs no exit handler; what it leaves is its successor's matter. */
async function terminated() {
  const thread = new Worker(__filename, { workerData: ['stay', name] });
  thread.on('message', () => void thread.terminate());
  await codeOf(thread);
  process.removeAllListeners('warning');
  const supervisor = await load().Supervisor.create({ name });
  await supervisor.close();
}

/** @type {Record<string, () => Promise<unknown>>} */
const tasks = {
  'process.exit()': async () => {
    await start();
    process.exit(7);
  },
  'an uncaught exception': async () => {
    await start();
    setImmediate(() => {
      throw new Error('boom');
    });
  },
  'an unhandled rejection': async () => {
    await start();
    void Promise.reject(new Error('boom'));
  },
  'a signal that it closes on': async () => {
    await start(['SIGTERM']);
    process.kill(process.pid, 'SIGTERM');
  },
  'a signal that it closes on, with grace': async () => {
    const supervisor = await start(['SIGTERM'], 600_000);
    supervisor.on('exit', ({ cause }) => console.log(cause));
    process.kill(process.pid, 'SIGTERM');
  },
  'a signal that it closes on and the program handles': async () => {
    const supervisor = await start(['SIGTERM']);
    process.on('SIGTERM', () => {
      // Ending is its own matter, and it takes its time.
      void supervisor.close().then(() => setTimeout(() => process.exit(9), 20));
    });
    process.kill(process.pid, 'SIGTERM');
  },
  'close()': async () => {
    const supervisor = await start();
    await supervisor.close();
  },
  stay: async () => {
    await start();
    parentPort?.postMessage('started');
  },
  'a terminated thread': terminated,
};

void (task.startsWith('thread: ') ? inThread() : tasks[task]?.());
