'use strict';

// start-limits.cjs permission | descriptors | threads: start() where something is refused. Run under
// a limit by start-limits.test.ts.

const { chmodSync, closeSync, openSync } = require('node:fs');
const { assert, Fixture, load, reactorCount, resources } = require('./common.cjs');

const { EventMemoryMonitor, SpillwayError } = load();
const nobody = 65534;

/** @param {Fixture} cgroup @returns {string} */
function startCode(cgroup) {
  const monitor = new EventMemoryMonitor({ cgroup: cgroup.directory });
  try {
    monitor.start();
  } catch (error) {
    assert.ok(error instanceof SpillwayError, String(error));
    assert.equal(monitor.running, false);
    return error.code;
  }
  monitor.stop();
  return 'started';
}

function becomeNobody() {
  if (process.getuid?.() !== 0) return;
  process.setgid?.(nobody);
  process.setuid?.(nobody);
}

/** Opens files until there is no descriptor left. @returns {number[]} */
function exhaust() {
  /** @type {number[]} */
  const taken = [];
  for (;;) {
    try {
      taken.push(openSync('/dev/null', 'r'));
    } catch {
      return taken;
    }
  }
}

const tasks = {
  permission() {
    const [closed, secret, partly, open] = [Fixture.make(), Fixture.make(), Fixture.make(), Fixture.make()];
    partly.usage(1);
    for (const { directory } of [partly, open, secret]) chmodSync(directory, 0o755);
    chmodSync(closed.directory, process.getuid?.() === 0 ? 0o700 : 0);
    chmodSync(`${secret.directory}/memory.events`, process.getuid?.() === 0 ? 0o600 : 0);
    chmodSync(`${partly.directory}/memory.stat`, process.getuid?.() === 0 ? 0o600 : 0);
    becomeNobody();
    assert.equal(startCode(open), 'started');
    assert.equal(reactorCount(), 0);
    const before = resources();
    for (const cgroup of [closed, secret, partly]) assert.equal(startCode(cgroup), 'ERR_SPILLWAY_PERMISSION');
    assert.deepEqual(resources(), before);
    // As the first one, and as one more.
    const running = new EventMemoryMonitor({ cgroup: open.directory }).start();
    assert.equal(startCode(closed), 'ERR_SPILLWAY_PERMISSION');
    running.stop();
    assert.equal(reactorCount(), 0);
    assert.deepEqual(resources(), before);
    process.removeAllListeners('exit'); // nobody cannot remove the fixtures
  },

  descriptors() {
    const cgroup = Fixture.make();
    cgroup.usage(1);
    assert.equal(startCode(cgroup), 'started');
    const taken = exhaust();
    let free = 0;
    // At each number of free descriptors it fails at another of its steps.
    for (let code = startCode(cgroup); code !== 'started'; code = startCode(cgroup)) {
      assert.equal(code, 'ERR_SPILLWAY_SYSTEM_LIMIT', `with ${free} free`);
      const stillFree = exhaust();
      assert.equal(stillFree.length, free, 'a failed start left descriptors open');
      for (const fd of stillFree) closeSync(fd);
      const fd = taken.pop();
      assert.ok(fd !== undefined, 'it never started');
      closeSync(fd);
      free += 1;
    }
    assert.ok(free > 2 && free < 20, `started with ${free} free`);
    const first = new EventMemoryMonitor({ cgroup: cgroup.directory }).start();
    const rest = exhaust();
    assert.equal(startCode(cgroup), 'ERR_SPILLWAY_SYSTEM_LIMIT');
    assert.equal(first.running, true);
    for (const fd of [...rest, ...taken]) closeSync(fd);
    first.stop();
    assert.equal(reactorCount(), 0);
  },

  threads() {
    const cgroup = Fixture.make();
    chmodSync(cgroup.directory, 0o755);
    const before = resources();
    becomeNobody();
    for (let round = 0; round < 3; round += 1) assert.equal(startCode(cgroup), 'ERR_SPILLWAY_SYSTEM_LIMIT');
    assert.deepEqual(resources(), before);
    process.removeAllListeners('exit');
  },
};

tasks[/** @type {keyof typeof tasks} */ (process.argv[2])]();
console.log('as it should be');
