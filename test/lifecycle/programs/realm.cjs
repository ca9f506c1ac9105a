'use strict';

// Loads the package again, in another realm, as jest does for each test file, and twice in this one.

const { readFileSync } = require('node:fs');
const { createRequire } = require('node:module');
const { dirname, join } = require('node:path');
const vm = require('node:vm');
const { assert, breachOf, dist, Fixture, load, reactorCount } = require('./common.cjs');

/** @param {vm.Context} context @returns {import('./common.cjs').Spillway} */
function loadInRealm(context) {
  /** @type {Map<string, { exports: object }>} */
  const modules = new Map();
  /** @param {string} file @returns {object} */
  const loadFile = (file) => {
    const known = modules.get(file);
    if (known !== undefined) return known.exports;
    const module = { exports: vm.runInContext('({})', context) };
    modules.set(file, module);
    const outer = createRequire(file);
    const inner = (/** @type {string} */ id) => (id.startsWith('.') ? loadFile(outer.resolve(id)) : outer(id));
    const source = `(function (exports, require, module, __filename, __dirname) {${readFileSync(file, 'utf8')}\n})`;
    vm.runInContext(source, context, { filename: file })(module.exports, inner, module, file, dirname(file));
    return module.exports;
  };
  return /** @type {import('./common.cjs').Spillway} */ (loadFile(join(dist, 'index.js')));
}

/** @param {import('./common.cjs').Spillway} spillway */
function failOf(spillway) {
  try {
    new spillway.EventMemoryMonitor({ cgroup: '/nowhere' }).start();
  } catch (error) {
    return error;
  }
  throw new Error('expected it to throw');
}

async function main() {
  const here = load();
  const far = loadInRealm(vm.createContext({ process, performance, queueMicrotask }));
  for (const name of Object.keys(require.cache)) if (name.startsWith(dist)) delete require.cache[name];
  const again = load();
  assert.notEqual(here.SpillwayError, far.SpillwayError);
  assert.notEqual(here.SpillwayError, again.SpillwayError);

  const copies = [here, far, again];
  for (const maker of copies) {
    const error = failOf(maker);
    for (const { SpillwayError } of copies) assert.ok(error instanceof SpillwayError);
    assert.equal(error instanceof Error, maker !== far);
    assert.equal(/** @type {{ code: string }} */ (error).code, 'ERR_SPILLWAY_CGROUP_NOT_FOUND');
  }

  const cgroup = Fixture.make();
  const monitors = copies.map(({ EventMemoryMonitor }) => new EventMemoryMonitor({ cgroup: cgroup.directory, keepAlive: true }).start());
  const heard = monitors.map((monitor) => breachOf(monitor));
  cgroup.high(1);
  await Promise.all(heard);
  for (const monitor of monitors) monitor.stop();
  assert.equal(reactorCount(), 0);
  console.log('recognised');
}

void main();
