'use strict';

// supervisor.cjs BASE OPTIONS: a Spillway supervisor with its pool below BASE. Told by messages what to do:
//   { spawn: { id, file, args, env, retriable } }   answers { id, pid }
//   { enter }     moves itself into the pool
//   { storm }     begins to count: heartbeats, every 10 ms if `beat` is given, and reports
//   { calm }      answers what was counted
//   { clear }     ends all workers, and answers when they are gone

const { readdirSync, readFileSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');

/** @type {typeof import('../../lib/index')} */
const { Supervisor } = require(join(__dirname, '../../dist'));

const BEAT_MS = 10;
const [, , base = '', options = '{}'] = process.argv;
/** @type {import('../../lib/index').Worker[]} */
const workers = [];
/** @type {import('../../lib/index').ReliefReport[]} */
let reports = [];
/** @type {number[]} how long after the last one each heartbeat came */
let gapsMs = [];
/** @type {NodeJS.Timeout | undefined} */
let heart;

function beat() {
  let last = performance.now();
  heart = setInterval(() => {
    const now = performance.now();
    gapsMs.push(now - last);
    last = now;
    // A supervisor that works takes memory, too.
    Buffer.alloc(2 ** 16, 1);
  }, BEAT_MS);
}

/** Milliseconds that the native thread has run: kernel, sched-stats.rst. */
function nativeThreadMs() {
  const own = '/proc/self/task';
  const tid = readdirSync(own).find((each) => readFileSync(join(own, each, 'comm'), 'utf8') === 'spillway\n') ?? '';
  return Number(readFileSync(join(own, tid, 'schedstat'), 'utf8').split(' ')[0]) / 1e6;
}

async function main() {
  const supervisor = await Supervisor.create({ name: 'pool', cgroup: base, require: 'kernel', force: true, ...JSON.parse(options) });
  const pool = supervisor.status().cgroup ?? '';
  supervisor.on('relief', (report) => reports.push(report));

  let nativeMs = 0;
  /** @type {Record<string, (value: any) => object | Promise<object>>} */
  const does = {
    spawn: async ({ id, file, args, env, retriable }) => {
      const worker = await supervisor.spawn(file, args, { stdio: ['ignore', 'inherit', 'inherit'], env }, { id, retriable });
      workers.push(worker);
      return { id, pid: worker.pid };
    },
    enter: (/** @type {string} */ cgroup) => {
      writeFileSync(join(cgroup, 'cgroup.procs'), String(process.pid));
      return {};
    },
    storm: ({ withBeat }) => {
      [reports, gapsMs, nativeMs] = [[], [], nativeThreadMs()];
      if (withBeat) beat();
      return {};
    },
    calm: () => {
      clearInterval(heart);
      return { gapsMs, nativeCpuMs: nativeThreadMs() - nativeMs, timelines: reports.map(({ timeline }) => timeline) };
    },
    clear: async () => {
      await Promise.all(workers.splice(0).map((worker) => (worker.kill(), worker.exited)));
      return {};
    },
    close: async () => {
      await supervisor.close();
      return {};
    },
  };
  process.on('message', async (/** @type {{ word: string, value: unknown }} */ { word, value }) => {
    process.send?.(await does[word]?.(value));
    if (word === 'close') process.disconnect();
  });
  process.send?.({ ready: true, pool });
}

process.on('disconnect', () => process.exit());
main().catch((error) => {
  console.error(error);
  process.exit(1);
});
