'use strict';

// sampling.cjs ROUNDS FILE: what a look at a cgroup's memory costs in the thread that does it. Makes its
// own child cgroups, of whichever version counts memory here, and removes them. Writes the rows to FILE,
// as JSON.

const { execFileSync } = require('node:child_process');
const { closeSync, existsSync, mkdirSync, openSync, readFileSync, readSync, readdirSync, rmdirSync, writeFileSync } = require('node:fs');
const { cpus, release } = require('node:os');
const { join } = require('node:path');
const { setTimeout: wait } = require('node:timers/promises');
const { nativeProgram } = require('./native-program.cjs');
const { spread } = require('./spread.cjs');

/** @type {typeof import('../../lib/index')} */
const { ThresholdMemoryMonitor } = require(join(__dirname, '../../dist'));

const [, , rounds = '10', file = '/dev/stdout'] = process.argv;
const roundMs = 4000;
const cgroupCount = 1000;
const GiB = 2 ** 30;
/**
 * At the default intervalMs of 250, with a growth of 4 GiB a second: how far the threshold is away decides
 * how often it is looked at.
 *
 * @type {{ limitBytes: number, everyMs: number, name: string }[]}
 */
const watched = [
  { limitBytes: 64 * GiB, everyMs: 1000, name: 'the same, of one of 1,000 cgroups, limits with each' },
  { limitBytes: 1.5 * GiB, everyMs: 250, name: 'the same, near enough to be looked at every 250 ms' },
];

/** Where a child cgroup with a memory controller can be made. */
function place() {
  const v1 = '/sys/fs/cgroup/memory';
  if (existsSync(join(v1, 'memory.usage_in_bytes'))) return { version: 'v1', root: v1, current: 'memory.usage_in_bytes', limit: 'memory.limit_in_bytes' };
  const root = '/sys/fs/cgroup';
  writeFileSync(join(root, 'cgroup.subtree_control'), '+memory');
  return { version: 'v2', root, current: 'memory.current', limit: 'memory.max' };
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

/**
 * One round of so many monitors: the native thread's time for a sample, its share of a core, and how often JavaScript was woken.
 *
 * @param {string[]} cgroups
 * @param {number} everyMs
 */
async function watch(cgroups, everyMs) {
  const monitors = cgroups.map((cgroup) => new ThresholdMemoryMonitor({ cgroup, growthBytesPerSecond: 4 * GiB }));
  try {
    for (const monitor of monitors) monitor.on('breach', ({ reason }) => { throw new Error(reason); }).start();
    const thread = nativeThread();
    await wait(everyMs);
    const [beginNs, beginMs, wokenBefore] = [ranNs(thread), performance.now(), wakeUps(process.pid)];
    await wait(roundMs);
    const [ranForNs, forMs, woken] = [ranNs(thread) - beginNs, performance.now() - beginMs, wakeUps(process.pid) - wokenBefore];
    // The timer of the round is one.
    return { us: ranForNs / 1000 / (Math.round(forMs / everyMs) * cgroups.length), share: ranForNs / 1e6 / forMs, woken: woken - 1 };
  } finally {
    for (const monitor of monitors) monitor.stop();
  }
}

async function main() {
  const { version, root, current, limit } = place();
  const program = nativeProgram('sample_cost');
  const base = join(root, `spillway-bench-${process.pid}`);
  /** @type {string[]} */
  const made = [];
  const make = (/** @type {string} */ directory) => {
    mkdirSync(directory);
    made.push(directory);
    return directory;
  };
  try {
    make(base);
    if (current === 'memory.current') writeFileSync(join(base, 'cgroup.subtree_control'), '+memory');
    const cgroups = Array.from({ length: cgroupCount }, (_, index) => make(join(base, String(index))));
    const descriptors = cgroups.map((cgroup) => openSync(join(cgroup, current), 'r'));
    const buffer = Buffer.alloc(64);
    /** @type {Awaited<ReturnType<typeof watch>>[][]} */
    const native = watched.map(() => []);
    /** @type {{ one: number[], held: number[], opened: number[] }} */
    const us = { one: [], held: [], opened: [] };
    let allocations = 0;
    // One round before is not counted: nothing is compiled or cached yet.
    for (let round = -1; round < Number(rounds); round++) {
      for (const [index, { limitBytes, everyMs }] of watched.entries()) {
        for (const cgroup of cgroups) writeFileSync(join(cgroup, limit), String(limitBytes));
        const seen = await watch(cgroups, everyMs);
        if (round >= 0) native[index]?.push(seen);
      }
      const [oneNs, allocated] = execFileSync(program, [version, cgroups[0] ?? '', '100000'], { encoding: 'utf8' }).split(' ').map(Number);
      const beginMs = performance.now();
      for (const descriptor of descriptors) Number(buffer.toString('latin1', 0, readSync(descriptor, buffer, 0, 64, 0)));
      const middleMs = performance.now();
      for (const cgroup of cgroups) Number(readFileSync(join(cgroup, current), 'utf8'));
      const endMs = performance.now();
      if (round < 0) continue;
      us.one.push((oneNs ?? NaN) / 1000);
      allocations += allocated ?? NaN;
      us.held.push(((middleMs - beginMs) * 1000) / cgroupCount);
      us.opened.push(((endMs - middleMs) * 1000) / cgroupCount);
    }
    for (const descriptor of descriptors) closeSync(descriptor);
    const rows = [
      { name: 'ThresholdMemoryMonitor, a sample of one cgroup, again and again', unit: 'µs', ...spread(us.one) },
      ...watched.map(({ name }, index) => ({ name, unit: 'µs', ...spread((native[index] ?? []).map((seen) => seen.us)) })),
      { name: 'a poller in JavaScript, readSync() on 1,000 open files', unit: 'µs', ...spread(us.held) },
      { name: 'a poller in JavaScript, readFileSync() of 1,000', unit: 'µs', ...spread(us.opened) },
    ];
    const notes = [`${allocations} allocations in ${Number(rounds) * 100_000} samples`, ...watched.map(({ limitBytes, everyMs }, index) => {
      const seen = native[index] ?? [];
      const [share, woken] = [spread(seen.map((each) => each.share * 100)), spread(seen.map((each) => each.woken))];
      return `${cgroupCount} cgroups with a limit of ${limitBytes / GiB} GiB, looked at every ${everyMs} ms: ${share.p50.toFixed(2)} % of one core (at most ${share.max.toFixed(2)} %), JavaScript woken ${woken.p50} times in ${roundMs / 1000} s (at most ${woken.max})`;
    })];
    writeFileSync(file, JSON.stringify({ host: { kernel: release(), node: process.version, cpus: cpus().length, lab: process.env['SPILLWAY_LAB'] !== undefined }, files: current, rows, notes }, null, 2));
  } finally {
    for (const directory of made.reverse()) rmdirSync(directory);
  }
}

main().catch((/** @type {unknown} */ error) => {
  console.error(error);
  process.exitCode = 1;
});
