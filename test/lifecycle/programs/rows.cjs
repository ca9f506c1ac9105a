'use strict';

// The rows of the lifecycle matrix: each runs in the main thread and in a worker. A row that
// returns leaves the rest to the natural exit.

const { execFileSync, spawn } = require('node:child_process');
const { once } = require('node:events');
const { join } = require('node:path');
const { assert, blockForLooks, breachOf, collectGarbage, Fixture, load, reactorCount, resources, settle } = require('./common.cjs');

/** @param {Partial<import('../../../lib/index').EventMemoryMonitorOptions>} [options] */
function watch(options) {
  const cgroup = Fixture.make();
  const { EventMemoryMonitor } = load();
  const monitor = new EventMemoryMonitor({ cgroup: cgroup.directory, safetyReadMs: 20, ...options });
  return { cgroup, monitor };
}

function eventInFlight() {
  const { cgroup, monitor } = watch();
  monitor.on('breach', () => undefined).start();
  cgroup.high(1);
  blockForLooks();
}

/** For rows that only wait for the thread: something must keep the loop alive. @param {() => Promise<unknown>} body */
async function heldOpen(body) {
  const hold = setInterval(() => undefined, 1000);
  await body();
  clearInterval(hold);
}

/** Takes the errors of listeners, and lets those of the row itself end it. @param {(message: string) => void} take */
function onThrown(take) {
  process.on('uncaughtException', (error) => {
    if (!(error instanceof assert.AssertionError)) return take(error.message);
    console.error(error);
    process.exit(70);
  });
}

/** @type {Record<string, () => unknown>} */
module.exports = {
  'loaded only': () => load(),

  created: () => watch(),

  started: () => watch().monitor.start(),

  'event in flight at the natural exit': eventInFlight,

  'event in flight at process.exit()': () => {
    eventInFlight();
    process.exit(0);
  },

  'events in flight of a hundred monitors': () => {
    const { cgroup } = watch();
    const { EventMemoryMonitor } = load();
    for (let count = 0; count < 100; count += 1) new EventMemoryMonitor({ cgroup: cgroup.directory, safetyReadMs: 10 }).start();
    cgroup.high(1);
    blockForLooks();
  },

  'stop in the callback': () =>
    heldOpen(async () => {
      const before = resources();
      const { cgroup, monitor } = watch();
      let heard = 0;
      monitor.on('breach', () => {
        heard += 1;
        monitor.stop();
        assert.equal(reactorCount(), 0);
      });
      monitor.start();
      cgroup.high(1);
      await breachOf(monitor);
      cgroup.high(2);
      await settle(100);
      assert.equal(heard, 1);
      assert.deepEqual(resources().files, before.files);
    }),

  'throw in the callback, handled': () =>
    heldOpen(async () => {
      const { cgroup, monitor } = watch();
      /** @type {string[]} */
      const thrown = [];
      onThrown((message) => thrown.push(message));
      monitor.on('breach', ({ sequence }) => {
        throw new Error(`boom ${sequence}`);
      });
      monitor.prependListener('breach', () => setImmediate(() => cgroup.high(2)));
      monitor.start();
      cgroup.high(1);
      while (thrown.length < 2) await settle(5);
      assert.deepEqual(thrown, ['boom 1', 'boom 2']);
      assert.equal(monitor.running, true);
      monitor.stop();
    }),

  'throw in every callback keeps no later event of the report back': () =>
    heldOpen(async () => {
      const { cgroup, monitor } = watch();
      /** @type {string[]} */
      const heard = [];
      /** @type {string[]} */
      const thrown = [];
      onThrown((message) => thrown.push(message));
      for (const event of /** @type {const} */ (['breach', 'clear', 'degraded', 'removed'])) {
        monitor.on(event, () => {
          heard.push(event);
          throw new Error(event);
        });
      }
      cgroup.usage(2_000_000);
      monitor.start();
      while (heard.length === 0) await settle(5);
      // While JavaScript is blocked: a reset, growth, the end of the shortage and the removal, in one report.
      cgroup.usage(1);
      cgroup.high(5);
      blockForLooks();
      cgroup.write('memory.events', 'low 0\nhigh 1\n');
      cgroup.high(1);
      blockForLooks();
      cgroup.high(0);
      blockForLooks();
      cgroup.delete('memory.events');
      blockForLooks();
      while (!heard.includes('removed')) await settle(5);
      await settle(5);
      assert.deepEqual([...new Set(heard)].sort(), ['breach', 'clear', 'degraded', 'removed']);
      assert.deepEqual(thrown, heard);
      assert.equal(monitor.running, false);
    }),

  'throw in the callback, not handled': () =>
    heldOpen(async () => {
      const { cgroup, monitor } = watch();
      monitor.on('breach', () => {
        throw new Error('boom');
      });
      monitor.start();
      cgroup.high(1);
      await once(process, 'never');
    }),

  'process.exit() in the callback': () =>
    heldOpen(async () => {
      const { cgroup, monitor } = watch();
      monitor.on('breach', () => process.exit(0));
      monitor.start();
      cgroup.high(1);
      await once(process, 'never');
    }),

  'keepAlive stays, and exits after stop': () => {
    const { cgroup, monitor } = watch({ keepAlive: true });
    const second = watch({ keepAlive: true });
    second.monitor.start();
    monitor.on('breach', () => {
      monitor.stop();
      console.log('stayed');
    });
    monitor.start();
    // Does not hold the loop by itself.
    setTimeout(() => {
      second.monitor.stop();
      setTimeout(() => cgroup.high(1), 50).unref();
    }, 50).unref();
  },

  'keepAlive ends with the removal of the cgroup': () => {
    const { cgroup, monitor } = watch({ keepAlive: true });
    monitor.on('removed', () => console.log('stayed'));
    monitor.start();
    setTimeout(() => cgroup.remove(), 50).unref();
  },

  'double stop, and again at exit': () => {
    const before = resources();
    const { monitor } = watch();
    monitor.start();
    process.on('exit', () => monitor.stop());
    monitor.stop();
    monitor.stop();
    monitor[Symbol.dispose]();
    assert.deepEqual(resources().files, before.files);
  },

  'dropped without stop, then collected': () =>
    heldOpen(async () => {
      const { cgroup } = watch();
      const { EventMemoryMonitor } = load();
      let heard = 0;
      const make = () => new EventMemoryMonitor({ cgroup: cgroup.directory, safetyReadMs: 20 });
      const neverStarted = new WeakRef(make());
      const stopped = (() => {
        const monitor = make().start();
        monitor.stop();
        return new WeakRef(monitor);
      })();
      (() => void make().on('breach', () => (heard += 1)).start())();
      for (let round = 0; round < 5; round += 1) {
        await settle(5);
        collectGarbage();
      }
      assert.equal(neverStarted.deref(), undefined);
      assert.equal(stopped.deref(), undefined);
      cgroup.high(1);
      while (heard === 0) await settle(5);
    }),

  'SIGSTOP, SIGCONT, then an event': () =>
    heldOpen(async () => {
      const { cgroup, monitor } = watch();
      monitor.start();
      for (let round = 1; round <= 3; round += 1) {
        await once(spawn('sh', ['-c', `kill -STOP ${process.pid}; sleep 0.1; kill -CONT ${process.pid}`]), 'exit');
        const heard = breachOf(monitor, ({ counters }) => counters.high === round);
        cgroup.high(round);
        await heard;
      }
      monitor.stop();
    }),

  'JavaScript blocked for 2 s while changes come': () =>
    heldOpen(async () => {
      const { cgroup, monitor } = watch();
      /** @type {import('../../../lib/index').EventBreach[]} */
      const breaches = [];
      monitor.on('breach', (breach) => breach.source === 'event' && breaches.push(breach)).start();
      // Blocks until the writer has ended: 1000 changes, 2 ms apart.
      execFileSync(process.execPath, [join(__dirname, 'writer.cjs'), cgroup.directory, '1000', '1', '2']);
      assert.equal(breaches.length, 0);
      while (breaches.at(-1)?.counters.high !== 1000) await settle(5);
      monitor.stop();
      assert.ok(breaches.length <= 3, `${breaches.length} breaches`);
      assert.equal(breaches.reduce((sum, { delta }) => sum + delta.high, 0), 1000);
    }),

  'a child process inherits nothing': () => {
    const { cgroup, monitor } = watch();
    monitor.start();
    const listed = execFileSync('ls', ['-l', '/proc/self/fd'], { encoding: 'utf8' });
    assert.ok(!listed.includes(cgroup.directory), listed);
    assert.ok(!/timerfd|inotify/.test(listed), listed);
    monitor.stop();
  },
};
