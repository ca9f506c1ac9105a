'use strict';

// storm.cjs ROUNDS FILE: a memory.events, an ordinary file, changes a million times as fast as it can:
// what a monitor hears of it and what that costs, beside fs.watch() and readFile(). Writes the rows to
// FILE, as JSON.

const { fork } = require('node:child_process');
const { once } = require('node:events');
const { readFileSync } = require('node:fs');
const { join } = require('node:path');
const { makeFolder, shortFiles } = require('./fixture-folder.cjs');
const { nativeProgram } = require('./native-program.cjs');
const { row, writeResult } = require('./report.cjs');
const { talk } = require('./talk.cjs');

const [, , rounds = '5', file = '/dev/stdout'] = process.argv;
const changeCount = 1_000_000;

/** @typedef {{ calls: number, isExact: boolean, cpuMs: number, grownBytes: number, writeMs: number }} Heard */

/**
 * One storm, with a listener of its own.
 *
 * @param {string} kind
 * @param {string} directory
 * @param {ReturnType<typeof talk>} writer
 * @returns {Promise<Heard>}
 */
async function storm(kind, directory, writer) {
  const child = fork(join(__dirname, 'storm-listener.cjs'), [kind, directory]);
  try {
    await once(child, 'message');
    const beginMs = performance.now();
    await writer.ask(`${changeCount} 0`, 'end');
    const writeMs = performance.now() - beginMs;
    child.send(Number(/^high (\d+)$/m.exec(readFileSync(join(directory, 'memory.events'), 'utf8'))?.[1]));
    const [heard] = await once(child, 'message');
    return { ...heard, writeMs };
  } finally {
    if (child.exitCode === null) {
      child.kill();
      await once(child, 'exit');
    }
  }
}

async function main() {
  const { directory, remove } = makeFolder(shortFiles);
  const writer = talk(nativeProgram('file_writer'), [directory]);
  const kinds = [{ kind: 'watch-read', name: 'fs.watch() and readFile()' }, { kind: 'monitor', name: 'EventMemoryMonitor' }].map((each) => ({ ...each, storms: /** @type {Heard[]} */ ([]) }));
  try {
    for (let round = 0; round < Number(rounds); round++) {
      for (const { kind, storms } of kinds) storms.push(await storm(kind, directory, writer));
    }
  } finally {
    await writer.end();
    remove();
  }
  const of = (/** @type {string} */ what, /** @type {string} */ unit, /** @type {(heard: Heard) => number} */ figure) => kinds.map(({ name, storms }, index) => row(`${name}, ${what}`, unit, storms.map(figure), index === 0 ? { basis: true } : {}));
  writeResult(file, [
    ...of('calls', 'calls', ({ calls }) => calls),
    ...of('processor time', 'ms', ({ cpuMs }) => cpuMs),
    ...of('memory at most, above that before', 'MiB', ({ grownBytes }) => grownBytes / 2 ** 20),
    ...of('time of the writer', 'ms', ({ writeMs }) => writeMs),
  ], kinds.map(({ name, storms }) => `${name}: the sum of what was told is exact in ${storms.filter(({ isExact }) => isExact).length} of ${storms.length} storms`));
}

main().catch((/** @type {unknown} */ error) => {
  console.error(error);
  process.exitCode = 1;
});
