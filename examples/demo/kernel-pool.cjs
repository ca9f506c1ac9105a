// A cgroup with a memory limit and nothing else: what people have who do not use Spillway.
'use strict';

const { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } = require('node:fs');
const { dirname, join } = require('node:path');
const { setTimeout: delay } = require('node:timers/promises');

const RETRY_MS = 20;

/**
 * @param {string} cgroup its directory
 * @param {number} maxBytes
 */
function createKernelPool(cgroup, maxBytes) {
  writeFileSync(join(dirname(cgroup), 'cgroup.subtree_control'), '+memory');
  if (existsSync(cgroup)) removeLeftover(cgroup);
  mkdirSync(cgroup);
  writeFileSync(join(cgroup, 'memory.max'), String(maxBytes));
  writeFileSync(join(cgroup, 'memory.oom.group'), '0');
  // Spillway's pool may not swap either. The file is missing where the kernel cannot limit that.
  const swap = join(cgroup, 'memory.swap.max');
  if (existsSync(swap)) writeFileSync(swap, '0');
}

/** @param {string} cgroup */
function removeLeftover(cgroup) {
  if (/^populated 1$/m.test(readFileSync(join(cgroup, 'cgroup.events'), 'utf8'))) {
    throw new Error(`Another demo seems to be running: there are processes in ${cgroup}. Wait for its end, or end them.`);
  }
  rmdirSync(cgroup);
}

/**
 * Kills whoever is left in it.
 * @param {string} cgroup
 */
async function removeKernelPool(cgroup) {
  writeFileSync(join(cgroup, 'cgroup.kill'), '1');
  for (;;) {
    try {
      return rmdirSync(cgroup);
    } catch (error) {
      // The killed are still leaving.
      if (!(error instanceof Error) || !('code' in error) || error.code !== 'EBUSY') throw error;
      await delay(RETRY_MS);
    }
  }
}

module.exports = { createKernelPool, removeKernelPool };
