'use strict';

// notice-to-signal.cjs ROUNDS FILE: lets a worker hit the mark again and again, in turn under a
// supervisor whose JavaScript is idle and answers, and under one where the native thread acts at once.
// Writes what the reports say of the time from the notice to the signal to FILE, as JSON.

const { mkdirSync, readFileSync, rmdirSync, writeFileSync } = require('node:fs');
const { once } = require('node:events');
const { cpus, release } = require('node:os');
const { join } = require('node:path');
const { spread } = require('./spread.cjs');

/** @type {typeof import('../../lib/index')} */
const { Supervisor } = require(join(__dirname, '../../dist'));

/** @typedef {import('../../lib/supervisor/types').ReliefReport} ReliefReport */
/** @typedef {import('../../lib/supervisor/types').TimelineStep} Step */

const [, , rounds = '50', file = '/dev/stdout'] = process.argv;
const [root, MiB] = ['/sys/fs/cgroup', 2 ** 20];
const markBytes = 48 * MiB;
/** Perl starts in a fraction of the time that Node takes. */
const worker = ['-e', 'while (@held < 400) { vec($held[@held], (1 << 20) - 1, 8) = 1; select(undef, undef, undef, 0.002) }'];
/** @type {[from: Step, to: Step][]} */
const steps = [['noticed', 'leased'], ['leased', 'decided'], ['decided', 'signalled'], ['signalled', 'exited'], ['exited', 'freed']];

const rows = /** @type {const} */ ([
  { name: 'notice to signal, JavaScript idle', by: 'javascript', takeoverMs: Infinity },
  { name: 'notice to signal, native thread (takeoverMs 0)', by: 'native', takeoverMs: 0 },
]);

/** @param {typeof rows[number]} row */
async function open({ name, by, takeoverMs }, index = 0) {
  const base = join(root, `spillway-bench-${process.pid}-${index}`);
  mkdirSync(base);
  const supervisor = await Supervisor.create({ name: 'pool', cgroup: base, require: 'kernel', force: true, limits: { highBytes: markBytes }, takeoverMs });
  /** @type {ReliefReport[]} */
  const reports = [];
  return { name, by, base, supervisor, reports };
}

/** @param {Awaited<ReturnType<typeof open>>} row */
async function round({ by, supervisor, reports }) {
  const relief = once(supervisor, 'relief');
  const hog = await supervisor.spawn('perl', worker, { stdio: 'ignore' }, { retriable: true });
  const [report] = /** @type {[ReliefReport]} */ (await relief);
  await hog.exited;
  const [victim] = report.victims;
  if (victim?.by !== by || !victim.died) throw new Error(`expected one death by ${by}: ${JSON.stringify(report.victims)}`);
  reports.push(report);
  while (supervisor.status().monitor !== 'ok') await new Promise((resolve) => setTimeout(resolve, 20));
}

/**
 * @param {ReliefReport} report
 * @param {Step} step
 */
const atMs = ({ timeline }, step) => timeline.find((entry) => entry.step === step)?.atMs;

/** @param {Awaited<ReturnType<typeof open>>} row */
function figures({ name, reports }) {
  const between = (/** @type {Step} */ from, /** @type {Step} */ to) => reports.flatMap((report) => {
    const [begin, end] = [atMs(report, from), atMs(report, to)];
    // The native thread takes no lease, and what it has done JavaScript hears of later: steps in another order are none.
    return begin === undefined || end === undefined || end < begin ? [] : [end - begin];
  });
  return {
    name,
    unit: 'ms',
    ...spread(between('noticed', 'signalled')),
    steps: steps.map(([from, to]) => ({ name: `${from} to ${to}`, unit: 'ms', ...spread(between(from, to)) })).filter(({ count }) => count > 0),
  };
}

async function main() {
  if (!readFileSync(join(root, 'cgroup.subtree_control'), 'utf8').includes('memory')) writeFileSync(join(root, 'cgroup.subtree_control'), '+memory');
  // A supervisor alone keeps no process alive.
  const alive = setInterval(() => undefined, 1000);
  const opened = [];
  for (const [index, row] of rows.entries()) opened.push(await open(row, index));
  try {
    // The first of each is slower than all others, and tells nothing: files are not cached yet, code is not compiled.
    for (let number = -2; number < Number(rounds); number++) {
      for (const row of opened) {
        await round(row);
        if (number < 0) row.reports.length = 0;
      }
      if (number % 10 === 9) console.error(`bench: ${number + 1} of ${rounds} rounds`);
    }
  } finally {
    clearInterval(alive);
    for (const { supervisor, base } of opened) {
      await supervisor.close();
      rmdirSync(base);
    }
  }
  const host = { kernel: release(), node: process.version, cpus: cpus().length, cpu: cpus()[0]?.model.trim(), lab: process.env['SPILLWAY_LAB'] !== undefined };
  writeFileSync(file, `${JSON.stringify({ host, rounds: Number(rounds), markBytes, rows: opened.map(figures) }, undefined, 2)}\n`);
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
