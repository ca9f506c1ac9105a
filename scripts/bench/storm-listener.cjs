'use strict';

// storm-listener.cjs KIND DIRECTORY: counts what it hears of a memory.events that changes as fast as it
// can, and what that costs. Says 'ready', and when it is told the last figure and has heard of it, the sums.

const { readFile, readFileSync, watch } = require('node:fs');
const { join } = require('node:path');

/** @type {typeof import('../../lib/index')} */
const { EventMemoryMonitor } = require(join(__dirname, '../../dist'));

const [, , kind = '', directory = ''] = process.argv;
const path = join(directory, 'memory.events');
const highIn = (/** @type {string} */ text) => Number(/^high (\d+)$/m.exec(text)?.[1]);
const baseline = highIn(readFileSync(path, 'utf8'));
const heard = { calls: 0, sum: 0, last: baseline };

/** @type {() => void} */
let stop;
if (kind === 'monitor') {
  const monitor = new EventMemoryMonitor({ cgroup: directory, keepAlive: true });
  monitor.on('breach', ({ counters, delta }) => {
    heard.calls++;
    heard.sum += delta.high;
    heard.last = counters.high;
  }).start();
  stop = () => monitor.stop();
} else {
  const watcher = watch(path, () => {
    readFile(path, 'utf8', (error, text) => {
      const high = error === null ? highIn(text) : NaN;
      if (Number.isNaN(high)) return;
      heard.calls++;
      // Reads that run at once may end in another order.
      heard.sum += high - heard.last;
      heard.last = high;
    });
  });
  stop = () => watcher.close();
}

const rssBytes = process.memoryUsage.rss();
const cpu = process.cpuUsage();
process.on('message', (/** @type {number} */ final) => {
  const giveUpMs = performance.now() + 60_000;
  const timer = setInterval(() => {
    if (heard.last !== final && performance.now() < giveUpMs) return;
    clearInterval(timer);
    const { user, system } = process.cpuUsage(cpu);
    const grownBytes = process.resourceUsage().maxRSS * 1024 - rssBytes;
    process.send?.({ calls: heard.calls, isExact: heard.sum === final - baseline && heard.last === final, cpuMs: (user + system) / 1000, grownBytes });
    stop();
    process.disconnect();
  }, 5);
});
process.send?.('ready');
