'use strict';

// workers.cjs terminate ROUNDS | share | exit: many workers of one process, events flowing.

const { once } = require('node:events');
const { join } = require('node:path');
const { Worker } = require('node:worker_threads');
const { assert, breachOf, Fixture, load, reactorCount, resources, settle, startWriter } = require('./common.cjs');

const kinds = ['plain', 'busy', 'throwing', 'stopping', 'keeping'];
const [task, rounds = '0'] = process.argv.slice(2);

/** @param {string} directory @param {string} kind */
function startHearer(directory, kind) {
  return new Worker(join(__dirname, 'hearer.cjs'), { workerData: { directory, kind } });
}

/** @param {Worker} worker @param {(message: unknown) => boolean} is */
function said(worker, is) {
  return new Promise((resolve, reject) => {
    const listen = (/** @type {unknown} */ message) => is(message) && end(() => resolve(message));
    // Waiting for a word of a terminated worker would be for ever.
    const exit = () => end(() => resolve(undefined));
    const fail = (/** @type {unknown} */ error) => end(() => reject(error));
    const end = (/** @type {() => void} */ settleIt) => {
      worker.off('message', listen).off('exit', exit).off('error', fail);
      settleIt();
    };
    worker.on('message', listen).on('exit', exit).on('error', fail);
  });
}

/** How far a worker is let come before it is terminated: each round takes another one for each kind. @type {((worker: Worker) => Promise<unknown>)[]} */
const phases = [
  () => Promise.resolve(),
  (worker) => said(worker, (message) => message === 'started'),
  (worker) => said(worker, (message) => typeof message === 'object'),
  (worker) => once(worker, 'online'),
  async (worker) => {
    for (let heard = 0; heard < 3; heard += 1) await said(worker, (message) => typeof message === 'object');
  },
];

/** @param {string} directory @param {number} round */
async function terminateRound(directory, round) {
  const workers = kinds.map((kind) => startHearer(directory, kind));
  await Promise.all(
    workers.map(async (worker, index) => {
      const reach = phases[(index + round) % phases.length];
      await reach?.(worker);
      await worker.terminate();
    }),
  );
}

async function settledResources(/** @type {ReturnType<typeof resources>} */ wanted) {
  for (let look = 0; look < 200 && resources().threads.length > wanted.threads.length; look += 1) await settle(10);
  return resources();
}

/** @param {Fixture} cgroup */
async function terminate(cgroup) {
  const writer = startWriter(cgroup.directory, 'endless', 1, 1);
  for (let round = 0; round < 2; round += 1) await terminateRound(cgroup.directory, round);
  const before = await settledResources({ files: [], threads: resources().threads.filter((name) => name !== 'spillway') });
  assert.equal(reactorCount(), 0);
  for (let round = 0; round < Number(rounds); round += 1) await terminateRound(cgroup.directory, round);
  assert.deepEqual(await settledResources(before), before);
  assert.equal(reactorCount(), 0);
  writer.stdin?.end();
  await once(writer, 'exit');
  console.log(`${rounds} rounds, ${Number(rounds) * kinds.length} workers terminated`);
}

/** @param {Fixture} cgroup */
async function share(cgroup) {
  await once(new Worker('0', { eval: true }), 'exit');
  const before = resources();
  const { EventMemoryMonitor } = load();
  const own = new EventMemoryMonitor({ cgroup: cgroup.directory }).start();
  const workers = Array.from({ length: 8 }, () => startHearer(cgroup.directory, 'plain'));
  await Promise.all(workers.map((worker) => said(worker, (message) => message === 'started')));
  for (let high = 1; high <= 20; high += 1) {
    const hold = setInterval(() => undefined, 1000);
    const heard = [
      breachOf(own, (breach) => breach.source === 'event' && breach.counters.high === high),
      ...workers.map((worker) => said(worker, (message) => typeof message === 'object' && message !== null && 'heard' in message && message.heard === high)),
    ];
    cgroup.high(high);
    await Promise.all(heard);
    clearInterval(hold);
  }
  assert.equal(reactorCount(9), 9);
  await Promise.all(workers.map((worker) => (worker.postMessage('stop'), once(worker, 'exit'))));
  assert.equal(own.running, true);
  own.stop();
  assert.deepEqual(await settledResources(before), before);
  console.log('all heard');
}

/** @param {Fixture} cgroup */
async function exit(cgroup) {
  startWriter(cgroup.directory, 'endless', 1, 1);
  const workers = kinds.map((kind) => startHearer(cgroup.directory, kind));
  await Promise.all(workers.map((worker) => said(worker, (message) => typeof message === 'object')));
  process.exit(0);
}

const tasks = { terminate, share, exit };
const run = tasks[/** @type {keyof typeof tasks} */ (task)];
void run(Fixture.make());
