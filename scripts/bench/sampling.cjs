'use strict';

// sampling.cjs ROUNDS FILE: what a look at a cgroup's memory costs in the thread that does it. Makes its
// own child cgroups, of whichever version counts memory here, and removes them. Writes the rows to FILE,
// as JSON.

const { closeSync, existsSync, mkdirSync, openSync, readFileSync, readSync, readdirSync, rmdirSync, writeFileSync } = require('node:fs');
const { cpus, release } = require('node:os');
const { join } = require('node:path');
const { setTimeout: wait } = require('node:timers/promises');
const { spread } = require('./spread.cjs');

/** @type {typeof import('../../lib/index')} */
const { ThresholdMemoryMonitor } = require(join(__dirname, '../../dist'));

const [, , rounds = '10', file = '/dev/stdout'] = process.argv;
const cgroupCount = 1000;
const [intervalMs, roundMs] = [250, 2000];
/** So far away that the fastest growth takes more than an interval. */
const limitBytes = 8 * 2 ** 30;

/** Where a child cgroup with a memory controller can be made. */
function place() {
  const v1 = '/sys/fs/cgroup/memory';
  if (existsSync(join(v1, 'memory.usage_in_bytes'))) return { root: v1, current: 'memory.usage_in_bytes', limit: 'memory.limit_in_bytes' };
  const root = '/sys/fs/cgroup';
  writeFileSync(join(root, 'cgroup.subtree_control'), '+memory');
  return { root, current: 'memory.current', limit: 'memory.max' };
}

/** Nanoseconds that a thread of this process has run, exact while it sleeps: kernel, sched-stats.rst. */
const ranNs = (/** @type {number} */ tid) => Number(readFileSync(`/proc/self/task/${tid}/schedstat`, 'utf8').split(' ')[0]);
const wakeUps = (/** @type {number} */ tid) => Number(/^voluntary_ctxt_switches:\s*(\d+)$/m.exec(readFileSync(`/proc/self/task/${tid}/status`, 'utf8'))?.[1]);

/** The thread of the native core. */
function nativeThread() {
  const tid = readdirSync('/proc/self/task').find((each) => readFileSync(`/proc/self/task/${each}/comm`, 'utf8') === 'spillway\n');
  if (tid === undefined) throw new Error('no thread is called spillway');
  return Number(tid);
}

async function main() {
  const { root, current, limit } = place();
  const base = join(root, `spillway-bench-${process.pid}`);
  /** @type {string[]} */
  const made = [];
  /** @type {InstanceType<typeof ThresholdMemoryMonitor>[]} */
  const monitors = [];
  const make = (/** @type {string} */ directory) => {
    mkdirSync(directory);
    made.push(directory);
    return directory;
  };
  try {
    make(base);
    if (current === 'memory.current') writeFileSync(join(base, 'cgroup.subtree_control'), '+memory');
    const cgroups = Array.from({ length: cgroupCount }, (_, index) => {
      const cgroup = make(join(base, String(index)));
      writeFileSync(join(cgroup, limit), String(limitBytes));
      return cgroup;
    });
    const descriptors = cgroups.map((cgroup) => openSync(join(cgroup, current), 'r'));
    const buffer = Buffer.alloc(64);
    /** @type {{ held: number[], opened: number[], native: number[] }} */
    const usPerSample = { held: [], opened: [], native: [] };
    /** @type {number[]} */
    const shares = [];
    /** @type {number[]} */
    const jsWakeUps = [];
    monitors.push(...cgroups.map((cgroup) => new ThresholdMemoryMonitor({ cgroup, intervalMs })));
    for (const monitor of monitors) {
      monitor.on('breach', ({ reason }) => { throw new Error(reason); });
      monitor.start();
    }
    const thread = nativeThread();
    // One round before is not counted: nothing is compiled or cached yet.
    for (let round = -1; round < Number(rounds); round++) {
      const ownBegin = performance.now();
      for (const descriptor of descriptors) Number(buffer.toString('latin1', 0, readSync(descriptor, buffer, 0, 64, 0)));
      const ownMiddle = performance.now();
      for (const cgroup of cgroups) Number(readFileSync(join(cgroup, current), 'utf8'));
      const ownEnd = performance.now();

      const [nativeBegin, beginMs, wokenBefore] = [ranNs(thread), performance.now(), wakeUps(process.pid)];
      await wait(roundMs);
      const [nativeEnd, endMs, wokenAfter] = [ranNs(thread), performance.now(), wakeUps(process.pid)];
      if (round < 0) continue;
      const samples = Math.round((endMs - beginMs) / intervalMs) * cgroupCount;
      usPerSample.held.push(((ownMiddle - ownBegin) * 1000) / cgroupCount);
      usPerSample.opened.push(((ownEnd - ownMiddle) * 1000) / cgroupCount);
      usPerSample.native.push((nativeEnd - nativeBegin) / 1000 / samples);
      shares.push((nativeEnd - nativeBegin) / 1e6 / (endMs - beginMs));
      // The timer of the round is one.
      jsWakeUps.push(wokenAfter - wokenBefore - 1);
    }
    for (const descriptor of descriptors) closeSync(descriptor);
    const rows = [
      { name: 'ThresholdMemoryMonitor, a sample far from the mark', unit: 'µs', ...spread(usPerSample.native) },
      { name: 'a poller in JavaScript, readSync() on an open file', unit: 'µs', ...spread(usPerSample.held) },
      { name: 'a poller in JavaScript, readFileSync()', unit: 'µs', ...spread(usPerSample.opened) },
    ];
    const notes = [
      `${cgroupCount} cgroups at ${intervalMs} ms: ${(spread(shares).p50 * 100).toFixed(2)} % of one core (p50; at most ${(spread(shares).max * 100).toFixed(2)} %)`,
      `JavaScript was woken ${spread(jsWakeUps).p50} times in ${roundMs / 1000} s (p50; at most ${spread(jsWakeUps).max} times)`,
    ];
    writeFileSync(file, JSON.stringify({ host: { kernel: release(), node: process.version, cpus: cpus().length, lab: process.env['SPILLWAY_LAB'] !== undefined }, files: current, rows, notes }, null, 2));
  } finally {
    for (const monitor of monitors) monitor.stop();
    for (const directory of made.reverse()) rmdirSync(directory);
  }
}

main().catch((/** @type {unknown} */ error) => {
  console.error(error);
  process.exitCode = 1;
});
