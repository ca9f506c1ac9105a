'use strict';

// spawn.cjs ROUNDS FILE: how long it takes until /bin/true runs, and until it has ended: as a worker of a
// supervisor, by the launcher alone with an ordinary file in the place of cgroup.procs, and by
// child_process.spawn(). Writes the rows to FILE, as JSON.

const { spawn } = require('node:child_process');
const { once } = require('node:events');
const { closeSync, mkdirSync, openSync, readFileSync, rmdirSync, statfsSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');
const { makeFolder } = require('./fixture-folder.cjs');
const { row, writeResult } = require('./report.cjs');

/** @type {typeof import('../../lib/index')} */
const { Supervisor } = require(join(__dirname, '../../dist'));
/** @type {typeof import('../../lib/supervisor/launch')} */
const { launch } = require(join(__dirname, '../../dist/supervisor/launch'));
/** @type {typeof import('../../lib/native')} */
const { launcherPath } = require(join(__dirname, '../../dist/native'));

const [, , rounds = '200', file = '/dev/stdout'] = process.argv;
const root = '/sys/fs/cgroup';
const onKernel = statfsSync(root).type === 0x63677270 && process.env['SPILLWAY_LAB'] !== undefined;
const options = /** @type {const} */ ({ stdio: 'ignore' });

/** A supervisor in a cgroup of its own where there can be one, elsewhere what this machine allows. */
async function supervise() {
  if (!onKernel) return { supervisor: await Supervisor.create({ name: 'bench' }), remove: () => {} };
  if (!readFileSync(join(root, 'cgroup.subtree_control'), 'utf8').includes('memory')) writeFileSync(join(root, 'cgroup.subtree_control'), '+memory');
  const base = join(root, `spillway-bench-${process.pid}`);
  mkdirSync(base);
  return { supervisor: await Supervisor.create({ name: 'pool', cgroup: base, require: 'kernel', force: true, limits: { highBytes: 2 ** 28 } }), remove: () => rmdirSync(base) };
}

async function main() {
  const folder = makeFolder({ 'cgroup.procs': '' });
  const procsFd = openSync(join(folder.directory, 'cgroup.procs'), 'w');
  const launcherFd = openSync(launcherPath(), 'r');
  const { supervisor, remove } = await supervise();
  const ended = async (/** @type {import('node:child_process').ChildProcess} */ child) => {
    await once(child, 'exit');
  };
  const ways = [
    {
      name: 'child_process.spawn()',
      begin: async () => {
        const child = spawn('/bin/true', options);
        await once(child, 'spawn');
        return () => ended(child);
      },
    },
    {
      name: 'the launcher',
      begin: async () => {
        const child = await launch('/bin/true', [], options, { procsFd, launcherFd, oomScoreAdj: 0 });
        return () => ended(child);
      },
    },
    {
      name: `supervisor.spawn(), guarantee '${supervisor.guarantee.level}'`,
      begin: async () => {
        const worker = await supervisor.spawn('/bin/true', [], options);
        return () => worker.exited;
      },
    },
  ].map((way) => ({ ...way, toRun: /** @type {number[]} */ ([]), toEnd: /** @type {number[]} */ ([]) }));
  try {
    // Five rounds before are not counted: nothing is compiled or cached yet.
    for (let round = -5; round < Number(rounds); round++) {
      for (const { begin, toRun, toEnd } of round % 2 === 0 ? ways : ways.toReversed()) {
        const beginMs = performance.now();
        const end = await begin();
        const runMs = performance.now();
        await end();
        const endMs = performance.now();
        if (round < 0) continue;
        toRun.push(runMs - beginMs);
        toEnd.push(endMs - beginMs);
      }
    }
  } finally {
    await supervisor.close();
    closeSync(procsFd);
    closeSync(launcherFd);
    folder.remove();
    remove();
  }
  writeResult(file, [
    ...ways.map(({ name, toRun }, index) => row(`${name}, until /bin/true runs`, 'ms', toRun, index === 0 ? { basis: true } : {})),
    ...ways.map(({ name, toEnd }, index) => row(`${name}, until it has ended`, 'ms', toEnd, index === 0 ? { basis: true } : {})),
  ]);
}

main().catch((/** @type {unknown} */ error) => {
  console.error(error);
  process.exitCode = 1;
});
