'use strict';

// A worker that watches workerData.directory with several monitors. Says 'started', and 'heard' with
// the counter at each breach of the first. Kinds: 'plain'; 'busy' blocks in each callback;
// 'throwing' throws in each; 'stopping' makes and stops monitors in each; 'keeping' holds the loop.
// The message 'stop' ends it.

const { parentPort, workerData } = require('node:worker_threads');
const { assert, block, load } = require('./common.cjs');

const { directory, kind = 'plain', monitors: count = 3 } = workerData;
const { EventMemoryMonitor } = load();
assert.ok(parentPort);
const port = parentPort;

const options = { cgroup: directory, safetyReadMs: 10, keepAlive: kind === 'keeping' };
const monitors = Array.from({ length: count }, () => new EventMemoryMonitor(options));
const [first] = monitors;
if (kind === 'throwing') process.on('uncaughtException', () => undefined);

for (const monitor of monitors) {
  monitor.on('breach', (breach) => {
    if (monitor === first && breach.source === 'event') port.postMessage({ heard: breach.counters.high });
    if (kind === 'busy') block(2);
    if (kind === 'stopping') new EventMemoryMonitor(options).start().stop();
    if (kind === 'throwing') throw new Error('boom');
  });
  monitor.start();
}
port.postMessage('started');
port.on('message', () => {
  for (const monitor of monitors) monitor.stop();
  port.postMessage('stopped');
  port.close();
});
