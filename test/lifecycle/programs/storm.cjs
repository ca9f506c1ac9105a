'use strict';

// storm.cjs CHANGES ROUNDS: a writer process changes one file without a rest; in the middle
// JavaScript is blocked for a whole round. Prints what was heard. Run with --expose-gc.

const { execFileSync } = require('node:child_process');
const { once } = require('node:events');
const { join } = require('node:path');
const { assert, block, collectGarbage, Fixture, load, reactorCount, resources, settle, startWriter } = require('./common.cjs');

const [changes = 0, rounds = 1] = process.argv.slice(2).map(Number);
const perRound = changes / rounds;
assert.ok(Number.isInteger(perRound));

const before = resources();
const cgroup = Fixture.make();
const { EventMemoryMonitor } = load();
const heard = { callbacks: 0, sum: 0, last: 0, smallest: Infinity, sequence: 0, whileBlocked: 0, degraded: /** @type {string[]} */ ([]) };

const monitor = new EventMemoryMonitor({ cgroup: cgroup.directory, safetyReadMs: 1000 });
monitor.on('breach', (breach) => {
  if (breach.source !== 'event') return;
  heard.callbacks += 1;
  heard.sum += breach.delta.high;
  heard.smallest = Math.min(heard.smallest, breach.delta.high);
  // Totals only rise, and each is the one before and the growth.
  assert.equal(breach.counters.high, heard.last + breach.delta.high);
  assert.equal(breach.sequence, heard.sequence + 1);
  heard.last = breach.counters.high;
  heard.sequence = breach.sequence;
});
monitor.on('degraded', ({ code, message }) => heard.degraded.push(`${code}: ${message}`));
monitor.on('removed', () => assert.fail('removed'));

function memory() {
  collectGarbage();
  const { rss, heapUsed } = process.memoryUsage();
  return { rss, heapUsed };
}

/** @param {number} round */
async function storm(round) {
  const first = round * perRound + 1;
  const target = (round + 1) * perRound;
  if (round === Math.floor(rounds / 2)) {
    const callbacks = heard.callbacks;
    execFileSync(process.execPath, [join(__dirname, 'writer.cjs'), cgroup.directory, String(perRound), String(first)]);
    block(1000);
    while (heard.last < target) await settle(5);
    heard.whileBlocked = heard.callbacks - callbacks;
    return;
  }
  const writer = startWriter(cgroup.directory, perRound, first);
  writer.stdout?.resume();
  await once(writer, 'exit');
  while (heard.last < target) await settle(5);
}

async function main() {
  monitor.start();
  const memories = [];
  for (let round = 0; round < rounds; round += 1) {
    await storm(round);
    memories.push(memory());
  }
  monitor.stop();
  assert.equal(reactorCount(), 0);
  assert.deepEqual(resources().files.filter((name) => name.startsWith('anon_inode')), before.files.filter((name) => name.startsWith('anon_inode')));
  console.log(JSON.stringify({ ...heard, memories }));
}

void main();
