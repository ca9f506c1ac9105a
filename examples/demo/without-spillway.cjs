// The second half: the same jobs under the same `memory.max`, and the kernel's OOM killer alone.
'use strict';

const { spawn } = require('node:child_process');
const { join } = require('node:path');
const { createKernelPool, removeKernelPool } = require('./kernel-pool.cjs');
const { kernelOomKills } = require('./pool-memory.cjs');
const { tellEnd, tellKernelKill, tellStart } = require('./tell-jobs.cjs');
const { Watch } = require('./watch.cjs');
const { Workforce } = require('./workforce.cjs');
const { pool } = require('./workload.cjs');

/** Joins the cgroup before it becomes the job, so that all its memory counts there. */
const JOIN = 'echo 0 >"$0" && exec "$@"';

/**
 * @param {{ account: import('./account.cjs').Account, base: string, signal: AbortSignal }} half
 * @returns {Promise<import('./with-spillway.cjs').Result>}
 */
async function runWithoutSpillway({ account, base, signal }) {
  const cgroup = join(base, 'spillway-demo-kernel');
  createKernelPool(cgroup, pool.maxBytes);
  try {
    let toldKills = 0;
    const isNewKernelKill = () => kernelOomKills(cgroup) > toldKills && ++toldKills > 0;
    const workforce = new Workforce({
      start: async (job) => start(cgroup, job, isNewKernelKill),
      onStart: (member) => tellStart(account, member),
      onEnd: (member) => {
        if (member.state === 'killed by the kernel') tellKernelKill(account, member, workforce.members);
        else tellEnd(account, member);
      },
    });
    await new Watch({ account, workforce, cgroup, limitBytes: pool.maxBytes }).run(signal);
    return { members: workforce.members, kernelOomKills: kernelOomKills(cgroup), reports: [] };
  } finally {
    await removeKernelPool(cgroup);
  }
}

/**
 * @param {string} cgroup
 * @param {import('./workload.cjs').Job} job
 * @param {() => boolean} isNewKernelKill
 * @returns {import('./workforce.cjs').Started}
 */
function start(cgroup, { workSeconds, memoryMib, leakMib }, isNewKernelKill) {
  const job = [process.execPath, join(__dirname, 'job.cjs'), workSeconds, memoryMib, leakMib].map(String);
  const child = spawn('/bin/sh', ['-c', JOIN, join(cgroup, 'cgroup.procs'), ...job], { stdio: ['ignore', 'pipe', 'inherit'] });
  return {
    process: child,
    ended: new Promise((resolve) => {
      child.once('error', () => resolve('failed'));
      child.once('exit', (code, signal) => {
        if (signal === 'SIGKILL' && isNewKernelKill()) resolve('killed by the kernel');
        else resolve(code === 0 ? 'finished' : 'failed');
      });
    }),
  };
}

module.exports = { runWithoutSpillway };
