// The first half: the jobs run as workers of a Spillway supervisor. This is all that a program has to do.
'use strict';

const { join } = require('node:path');
const { Supervisor } = require('spillway');
const { kernelOomKills } = require('./pool-memory.cjs');
const { ReliefTeller } = require('./relief-teller.cjs');
const { tellEnd, tellStart } = require('./tell-jobs.cjs');
const { Watch } = require('./watch.cjs');
const { Workforce } = require('./workforce.cjs');
const { pool } = require('./workload.cjs');

/**
 * @typedef {object} Result of one half
 * @property {import('./workforce.cjs').Member[]} members
 * @property {number} kernelOomKills
 * @property {number} [breaches] times that Spillway heard of a shortage
 * @property {import('spillway').ReliefReport[]} reports what Spillway did about it
 */

/**
 * @param {{ account: import('./account.cjs').Account, base: string, signal: AbortSignal }} half
 * @returns {Promise<Result>}
 */
async function runWithSpillway({ account, base, signal }) {
  /** @type {import('spillway').ReliefReport[]} */
  const reports = [];
  const supervisor = await Supervisor.create({
    name: 'spillway-demo',
    cgroup: base,
    require: 'kernel',
    limits: { highBytes: pool.markBytes, maxBytes: pool.maxBytes },
    // A guest without hardware virtualisation, on a busy machine, may take its time even to end a process.
    victimTimeoutMs: 10_000,
  });
  try {
    const { cgroup = base } = supervisor.status();
    const workforce = new Workforce({
      start: (job) => start(supervisor, job),
      onStart: (member) => tellStart(account, member),
      onEnd: (member) => tellEnd(account, member),
    });
    const watch = new Watch({ account, workforce, cgroup, limitBytes: pool.markBytes });
    const teller = new ReliefTeller(account, workforce.members);
    supervisor.on('breach', (breach) => {
      teller.breach(breach);
      if (breach.short) watch.hold();
    });
    supervisor.on('degraded', (error) => account.event('WARNING', error.message, 'yellow'));
    supervisor.on('relief', (report) => {
      reports.push(report);
      teller.relief(report);
      watch.row();
    });
    await watch.run(signal);
    const { shortBreaches } = supervisor.status().counts;
    return { members: workforce.members, kernelOomKills: kernelOomKills(cgroup), breaches: shortBreaches, reports };
  } finally {
    await supervisor.close();
  }
}

/**
 * @param {Supervisor} supervisor
 * @param {import('./workload.cjs').Job} job
 * @returns {Promise<import('./workforce.cjs').Started>}
 */
async function start(supervisor, { id, retriable, workSeconds, memoryMib, leakMib }) {
  const args = [join(__dirname, 'job.cjs'), workSeconds, memoryMib, leakMib].map(String);
  const worker = await supervisor.spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] }, { id, retriable });
  return { process: worker.process, ended: worker.exited.then(endOf) };
}

/**
 * @param {import('spillway').WorkerExit} exit
 * @returns {import('./workforce.cjs').End}
 */
function endOf({ cause, code }) {
  if (cause === 'spillway') return 'killed by Spillway';
  if (cause === 'kernel-oom') return 'killed by the kernel';
  return code === 0 ? 'finished' : 'failed';
}

module.exports = { runWithSpillway };
