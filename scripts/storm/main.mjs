// main.mjs JSON: one workload, in the guest. Its guards take turns, one round each; after each turn of all the
// results are written, so that an interrupted run leaves what it has.

import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';
import { join } from 'node:path';
import { makeGroup, removeGroup, ROOT } from './cgroup.mjs';
import { figuresOf } from './figures.mjs';
import { guardsOf } from './guards.mjs';
import { open } from './guarding.mjs';
import { playRound } from './round.mjs';
import { prepareSignals } from './signals.mjs';
import { timelineOf } from './timeline.mjs';
import { workloads } from './workloads.mjs';

/**
 * @typedef {object} Order
 * @property {string} workload
 * @property {string[]} guards
 * @property {number} rounds
 * @property {string} file where the results go
 * @property {{ earlyoom: string, oomd: string, oomdLibraries: string, watcher: string }} programs
 */

/** @type {Order} */
const order = JSON.parse(process.argv[2] ?? '');
const workload = workloads.find(({ name }) => name === order.workload);
if (workload === undefined) throw new Error(`there is no workload ${order.workload}`);
const host = { kernel: release(), node: process.version, cpus: cpus().length, memoryMib: Math.round(totalmem() / 2 ** 20), lab: process.env['SPILLWAY_LAB'] !== undefined };
const storm = join(ROOT, 'storm');

makeGroup(ROOT);
makeGroup(storm);
// Those who measure share nothing with those who guard.
mkdirSync(join(ROOT, 'storm-driver'));
writeFileSync(join(ROOT, 'storm-driver/cgroup.procs'), String(process.pid));
prepareSignals();

/** @type {{ guard: import('./guards.mjs').Guard, guarding: import('./guarding.mjs').Guarding, rounds: import('./figures.mjs').Figures[], timelines: ReturnType<typeof timelineOf>[] }[]} */
const opened = [];
for (const guard of guardsOf(workload.name)) {
  if (!order.guards.includes(guard.name)) continue;
  opened.push({ guard, guarding: await open(guard, order.programs), rounds: [], timelines: [] });
}
try {
  // The first round of each is slower than all others: files are not cached yet, code is not compiled.
  for (let number = 0; number <= order.rounds; number++) {
    for (const { guard, guarding, rounds, timelines } of opened) {
      const seen = await playRound(workload, guarding, order.programs.watcher);
      const figures = figuresOf(workload, seen);
      console.error(`storm: ${workload.name}, ${guard.name}, round ${number === 0 ? 'for warming up' : `${number} of ${order.rounds}`}: ${tell(figures)}`);
      if (number === 0) continue;
      rounds.push(figures);
      timelines.push(timelineOf(seen, figures));
    }
    if (number > 0) write();
  }
} finally {
  for (const { guarding } of opened) await guarding.close();
  await removeGroup(storm);
}

/** @param {import('./figures.mjs').Figures} figures */
function tell({ kills, signalMs, freedMs }) {
  const dead = kills.map(({ id, byKernel, right, needless }) => `${id}${byKernel ? ' by the kernel' : ''}${right ? '' : ' (wrong)'}${needless ? ' (needless)' : ''}`);
  return `${dead.join(', ') || 'nobody'}${signalMs === undefined ? '' : `, signal after ${signalMs.toFixed(1)} ms`}${freedMs === undefined ? '' : `, over after ${freedMs.toFixed(1)} ms`}`;
}

function write() {
  const guards = opened.map(({ guard: { name, title }, rounds, timelines }) => {
    // The time line of the round in the middle.
    const byTime = rounds.map((_, index) => index).sort((a, b) => (rounds[a]?.signalMs ?? Infinity) - (rounds[b]?.signalMs ?? Infinity));
    return { name, title, rounds, timeline: timelines[byTime[Math.floor((rounds.length - 1) / 2)] ?? 0] };
  });
  writeFileSync(order.file, JSON.stringify({ host, workload: { ...workload, right: workload?.right?.source }, guards }));
}
