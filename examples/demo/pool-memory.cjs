// Reads memory where the kernel tells it. Both halves of the demo are measured here, so that they compare.
'use strict';

const { readFileSync } = require('node:fs');
const { join } = require('node:path');

/** What counts as reclaimable in `memory.stat`: the kernel can take it back without a kill. */
const RECLAIMABLE = ['active_file', 'inactive_file', 'slab_reclaimable'];

/**
 * The memory of a cgroup that reclaim cannot give back.
 * @param {string} cgroup its directory
 */
function pinnedBytes(cgroup) {
  const stat = keyValues(join(cgroup, 'memory.stat'));
  const current = Number(readFileSync(join(cgroup, 'memory.current'), 'utf8'));
  return RECLAIMABLE.reduce((bytes, key) => bytes - (stat.get(key) ?? 0), current);
}

/**
 * How many processes the kernel's OOM killer has killed in a cgroup.
 * @param {string} cgroup its directory
 */
function kernelOomKills(cgroup) {
  return keyValues(join(cgroup, 'memory.events')).get('oom_kill') ?? 0;
}

/**
 * A process's own memory; `undefined` when it has ended.
 * @param {number} pid
 */
function processBytes(pid) {
  try {
    const [, kib] = /^RssAnon:\s*(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
    // One that has ended but is not reaped has no memory at all.
    return kib === undefined || kib === '0' ? undefined : Number(kib) * 1024;
  } catch {
    return undefined;
  }
}

/** @param {string} file */
function keyValues(file) {
  const lines = readFileSync(file, 'utf8').trim().split('\n');
  return new Map(lines.map((line) => /** @type {[string, number]} */ ([line.split(' ')[0], Number(line.split(' ')[1])])));
}

module.exports = { kernelOomKills, pinnedBytes, processBytes };
