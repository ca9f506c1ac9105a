'use strict';

// poller.cjs POOL MARK_BYTES INTERVAL_MS: what one writes first. Looks at the pool's memory at intervals, and
// kills the largest process where it is over the mark.

const { readdirSync, readFileSync } = require('node:fs');
const { join } = require('node:path');

const [, , pool = '', mark = '', interval = ''] = process.argv;

function residentPages(/** @type {number} */ pid) {
  try {
    return Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]);
  } catch {
    return 0;
  }
}

function look() {
  if (Number(readFileSync(join(pool, 'memory.current'), 'utf8')) < Number(mark)) return;
  const pids = readdirSync(pool, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .flatMap(({ name }) => readFileSync(join(pool, name, 'cgroup.procs'), 'utf8').split('\n').filter(Boolean).map(Number));
  const [largest] = pids.map((pid) => ({ pid, pages: residentPages(pid) })).sort((a, b) => b.pages - a.pages);
  if (largest !== undefined) process.kill(largest.pid, 'SIGKILL');
}

setInterval(look, Number(interval));
process.on('disconnect', () => process.exit());
process.send?.({ ready: true });
