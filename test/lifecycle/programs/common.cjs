'use strict';

// What the forked programs share. They use the built package, as a user's program would.

const assert = require('node:assert/strict');
const { spawn } = require('node:child_process');
const { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } = require('node:fs');
const { tmpdir } = require('node:os');
const { join } = require('node:path');
const v8 = require('node:v8');
const vm = require('node:vm');

const dist = join(__dirname, '../../../dist');

/** @typedef {typeof import('../../../lib/index')} Spillway */
/** @typedef {import('../../../lib/index').EventMemoryMonitor} Monitor */
/** @typedef {import('../../../lib/index').EventBreach} Breach */

/** @returns {Spillway} */
const load = () => require(join(dist, 'index.js'));

/** @param {number | string} high */
const eventsText = (high) => `low 0\nhigh ${high}\nmax 0\noom 0\noom_kill 0\noom_group_kill 0\n`;

class Fixture {
  constructor(folder = mkdtempSync(join(process.env['SPILLWAY_FIXTURES'] ?? tmpdir(), 'spillway-lifecycle-'))) {
    this.directory = folder;
  }

  static make() {
    const fixture = new Fixture();
    fixture.high(0);
    // The last one out, however it goes.
    process.on('exit', () => fixture.remove());
    return fixture;
  }

  /** Sets the counter `high`. @param {number} count */
  high(count) {
    this.write('memory.events', eventsText(count));
  }

  /** @param {string} name @param {string} text */
  write(name, text) {
    writeFileSync(join(this.directory, name), text);
  }

  /** Short or not, as the safety read will find it. @param {number} currentBytes */
  usage(currentBytes) {
    this.write('memory.stat', `anon ${currentBytes}\nfile 0\ninactive_file 0\nactive_file 0\n`);
    this.write('memory.max', 'max\n');
    this.write('memory.high', '1000000\n');
    this.write('memory.current', `${currentBytes}\n`);
  }

  /** @param {string} name */
  delete(name) {
    rmSync(join(this.directory, name));
  }

  remove() {
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/** Blocks JavaScript, and nothing else. @param {number} ms */
const block = (ms) => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);

/** @param {number} ms @returns {Promise<void>} */
const settle = (ms) => new Promise((resolve) => void setTimeout(resolve, ms));

function collectGarbage() {
  v8.setFlagsFromString('--expose-gc');
  vm.runInNewContext('gc')();
}

/** Resolves with the first breach that fulfils the condition. @param {Monitor} monitor @param {(breach: Breach) => boolean} [fulfils] @returns {Promise<Breach>} */
const breachOf = (monitor, fulfils = () => true) =>
  new Promise((resolve) => {
    monitor.on('breach', function hear(breach) {
      if (!fulfils(breach)) return;
      monitor.off('breach', hear);
      resolve(breach);
    });
  });

/** @param {string} folder @param {(entry: string) => string} read */
function listProc(folder, read) {
  return readdirSync(folder).flatMap((entry) => {
    try {
      return [read(`${folder}/${entry}`)];
    } catch {
      return []; // it ended meanwhile, or was the descriptor of the folder
    }
  });
}

/** What the process holds: its descriptors by name, and its threads by name. */
function resources() {
  const files = listProc('/proc/self/fd', (path) => readlinkSync(path).replace(/\[\d+\]$/, ''));
  const threads = listProc('/proc/self/task', (path) => readFileSync(`${path}/comm`, 'utf8').trim());
  return { files: files.sort(), threads: threads.sort() };
}

/**
 * How many threads named "spillway" run in the process, once it is as many as wanted or has had its
 * time: a new thread gives itself its name, and one that was joined may be listed for a moment.
 */
function reactorCount(wanted = 0) {
  let count = NaN;
  for (let look = 0; look < 1000 && count !== wanted; look += 1) {
    if (look > 0) block(2);
    count = resources().threads.filter((name) => name === 'spillway').length;
  }
  return count;
}

/** How often the one reactor of the process went to sleep and was woken. @returns {number} */
function wakeUps() {
  const [status = ''] = listProc('/proc/self/task', (path) => readFileSync(`${path}/status`, 'utf8')).filter((text) => text.startsWith('Name:\tspillway\n'));
  return Number(/^voluntary_ctxt_switches:\t(\d+)$/m.exec(status)?.[1]);
}

/** Blocks JavaScript until the reactor has looked at its files, some times over. @param {number} [times] */
function blockForLooks(times = 4) {
  assert.equal(reactorCount(1), 1);
  for (const before = wakeUps(); wakeUps() - before < times; ) block(5);
}

/** Starts writer.cjs. @param {string} directory @param {...(string | number)} args @returns {import('node:child_process').ChildProcess} */
const startWriter = (directory, ...args) =>
  spawn(process.execPath, [join(__dirname, 'writer.cjs'), directory, ...args.map(String)], { stdio: ['pipe', 'pipe', 'inherit'] });

module.exports = {
  assert, block, blockForLooks, breachOf, collectGarbage, dist, eventsText, Fixture, load, reactorCount, resources, settle, startWriter, wakeUps,
};
