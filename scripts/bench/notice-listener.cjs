'use strict';

// notice-listener.cjs KIND DIRECTORY: a program in JavaScript that hears of changes of a memory.events.
// The protocol is that of native/bench/bare_loop.c, the stamps are "HIGH NOTICED_NS HEARD_NS", where only
// the native thread has a time when it noticed. "block MS" says "busy" and blocks the event loop.

const { watch, readFile, readFileSync } = require('node:fs');
const { join } = require('node:path');
const { createInterface } = require('node:readline');

/** @type {typeof import('../../lib/index')} */
const { EventMemoryMonitor } = require(join(__dirname, '../../dist'));

const [, , kind = '', directory = ''] = process.argv;
const path = join(directory, 'memory.events');
const nowNs = () => Number(process.hrtime.bigint());
const highIn = (/** @type {string} */ text) => Number(/^high (\d+)$/m.exec(text)?.[1]);
const aheadNs = nowNs() - performance.now() * 1e6;

/** @type {[high: number, noticedNs: number, heardNs: number][]} */
let stamps = [];
const heard = (/** @type {number} */ high, heardNs = nowNs(), noticedNs = heardNs) => void stamps.push([high, noticedNs, heardNs]);

/** Each begins to listen, and returns what ends it. @type {Record<string, () => () => void>} */
const kinds = {
  'monitor'() {
    const monitor = new EventMemoryMonitor({ cgroup: directory });
    monitor.on('breach', ({ counters, detectedAtMs }) => heard(counters.high, nowNs(), detectedAtMs * 1e6 + aheadNs)).start();
    return () => monitor.stop();
  },
  'watch-read'() {
    const watcher = watch(path, () => {
      readFile(path, 'utf8', (error, text) => {
        if (error === null) heard(highIn(text));
      });
    });
    return () => watcher.close();
  },
  'watch-read-sync'() {
    const watcher = watch(path, () => heard(highIn(readFileSync(path, 'utf8'))));
    return () => watcher.close();
  },
  'watch-read-all'() {
    const watcher = watch(path, () => {
      const high = highIn(readFileSync(path, 'utf8'));
      for (const name of ['current', 'swap.current', 'high', 'max', 'swap.max', 'stat']) readFileSync(join(directory, `memory.${name}`), 'utf8');
      heard(high);
    });
    return () => watcher.close();
  },
  'poller'() {
    let last = highIn(readFileSync(path, 'utf8'));
    const timer = setInterval(() => {
      const high = highIn(readFileSync(path, 'utf8'));
      if (high !== last) heard(high);
      last = high;
    }, 250);
    return () => clearInterval(timer);
  },
};

let end = () => {};
createInterface({ input: process.stdin }).on('line', (line) => {
  const [command, ms] = line.split(' ');
  if (command === 'on') {
    end = /** @type {() => () => void} */ (kinds[kind])();
    console.log('ready');
  } else if (command === 'block') {
    console.log('busy');
    const untilMs = performance.now() + Number(ms);
    while (performance.now() < untilMs);
  } else {
    // After what came while it was blocked.
    setTimeout(() => {
      end();
      console.log([...stamps.map((stamp) => stamp.join(' ')), 'end'].join('\n'));
      stamps = [];
    }, 60);
  }
});
