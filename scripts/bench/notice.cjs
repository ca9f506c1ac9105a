'use strict';

// notice.cjs ROUNDS FILE: how long it takes until a program hears of a change of memory.events, from the
// moment before the change. On a real cgroup2 the change is a `high` that the kernel counts, elsewhere a
// write to an ordinary file of the same form. Who listens is a process of its own and listens alone, all
// in turn. Writes the rows to FILE, as JSON.

const { mkdirSync, readFileSync, rmdirSync, statfsSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');
const { setTimeout: wait } = require('node:timers/promises');
const { makeFolder, shortFiles } = require('./fixture-folder.cjs');
const { nativeProgram } = require('./native-program.cjs');
const { row, writeResult } = require('./report.cjs');
const { talk } = require('./talk.cjs');

const [, , rounds = '60', file = '/dev/stdout'] = process.argv;
const [root, MiB] = ['/sys/fs/cgroup', 2 ** 20];
const onKernel = statfsSync(root).type === 0x63677270 && process.env['SPILLWAY_LAB'] !== undefined;
// The kernel reports at most every 10 ms for each file.
const gapUs = onKernel ? 40_000 : 1000;
const changeCount = 10;
const pollMs = 250;
/** So long a listener may be kept from a processor. */
const settleMs = onKernel ? 500 : 60;

/** A cgroup of 8 MiB, or a folder that looks like one that is short. */
function makePlace() {
  if (onKernel) {
    const directory = join(root, `spillway-bench-${process.pid}`);
    if (!readFileSync(join(root, 'cgroup.subtree_control'), 'utf8').includes('memory')) writeFileSync(join(root, 'cgroup.subtree_control'), '+memory');
    mkdirSync(directory);
    writeFileSync(join(directory, 'memory.high'), String(8 * MiB));
    return { directory, writer: 'high_hog', remove: () => rmdirSync(directory) };
  }
  return { ...makeFolder(shortFiles), writer: 'file_writer' };
}

const listener = (/** @type {string} */ kind) => [process.execPath, join(__dirname, 'notice-listener.cjs'), kind];
/** @type {{ key: string, command: string[], gapUs?: number, blocked?: boolean, beside?: boolean }[]} */
const heard = [
  { key: 'bare', command: [nativeProgram('bare_loop')] },
  { key: 'bare-beside', command: [nativeProgram('bare_loop')], beside: true },
  { key: 'core', command: [nativeProgram('core_loop')] },
  { key: 'monitor', command: listener('monitor') },
  { key: 'watch-read', command: listener('watch-read') },
  { key: 'watch-read-sync', command: listener('watch-read-sync') },
  { key: 'watch-read-all', command: listener('watch-read-all') },
  { key: 'poller', command: listener('poller'), gapUs: pollMs * 1000 },
  { key: 'monitor-blocked', command: listener('monitor'), blocked: true },
  { key: 'watch-read-blocked', command: listener('watch-read'), blocked: true },
];

const numbers = (/** @type {string[]} */ lines) => lines.map((line) => line.split(' ').map(Number));

/**
 * Microseconds from each change to the first stamp that knows of it; NaN where there is none. JavaScript
 * that is late hears of several at once, with the time when the first one was noticed: of the others it is not known.
 *
 * @param {number[][]} changes
 * @param {number[][]} stamps
 */
function delays(changes, stamps) {
  return changes.map(([high = NaN, atNs = NaN]) => {
    const [, firstNs = NaN, secondNs = NaN] = stamps.find(([known = NaN]) => known >= high) ?? [];
    return { firstUs: firstNs < atNs ? NaN : (firstNs - atNs) / 1000, secondUs: (secondNs - atNs) / 1000 };
  });
}

/**
 * One listens. A blocked one hears of all changes at once, so it gets one at a time, and a slow one few.
 *
 * @param {ReturnType<typeof talk>} child
 * @param {Record<'writer' | 'other', ReturnType<typeof talk>>} others
 * @param {{ gapUs?: number, blocked?: boolean, beside?: boolean }} how `beside`: another one is blocked meanwhile
 */
async function turn(child, { writer, other }, { gapUs: ownGapUs = gapUs, blocked = false, beside = false }) {
  const isSlow = ownGapUs > gapUs;
  const measured = [];
  for (let left = blocked || beside ? 3 : 1; left > 0; left--) {
    await child.ask('on', 'ready');
    if (blocked || beside) await (blocked ? child : other).ask(`block ${20 + (2 * gapUs) / 1000}`, 'busy');
    const changes = numbers(await writer.ask(`${blocked || beside || isSlow ? 1 : changeCount} ${ownGapUs}`, 'end'));
    await wait(isSlow ? pollMs + settleMs : settleMs);
    measured.push(...delays(changes, numbers(await child.ask('off', 'end'))));
  }
  return measured;
}

async function main() {
  const { directory, writer: writing, remove } = makePlace();
  const writer = talk(nativeProgram(writing), [directory]);
  const all = heard.map(({ command: [name = '', ...args], ...more }) => ({ ...more, child: talk(name, [...args, directory]), us: /** @type {ReturnType<typeof delays>} */ ([]) }));
  const [node = '', ...program] = listener('watch-read');
  const other = talk(node, [...program, directory]);
  let lost = 0;
  try {
    // Two rounds before are not counted: nothing is compiled or cached yet.
    for (let round = -2; round < Number(rounds); round++) {
      for (const { child, us, ...how } of round % 2 === 0 ? all : all.toReversed()) {
        const measured = await turn(child, { writer, other }, how);
        lost += measured.filter(({ secondUs }) => Number.isNaN(secondUs)).length;
        if (round >= 0) us.push(...measured);
      }
      if (round % 10 === 9) console.error(`bench: ${round + 1} of ${rounds} rounds`);
    }
  } finally {
    for (const { child } of [...all, { child: writer }, { child: other }]) await child.end();
    remove();
  }
  const of = (/** @type {string} */ key, /** @type {'firstUs' | 'secondUs'} */ which) => all.flatMap((each) => (each.key === key ? each.us.map((us) => us[which]).filter((us) => !Number.isNaN(us)) : []));
  const rows = [
    row('a bare loop in C, woken', 'µs', of('bare', 'firstUs'), { basis: true }),
    row('the native core without Node, woken', 'µs', of('core', 'firstUs')),
    row('the native thread of a monitor, woken', 'µs', of('monitor', 'firstUs')),
    row('a bare loop in C, woken, beside a process whose JavaScript is blocked', 'µs', of('bare-beside', 'firstUs'), { basis: true }),
    row('the native thread of a monitor, woken, JavaScript blocked', 'µs', of('monitor-blocked', 'firstUs')),
    row('a bare loop in C, has read memory.events', 'µs', of('bare', 'secondUs'), { basis: true }),
    row('the native core without Node, has read the usage and the limits, too', 'µs', of('core', 'secondUs')),
    row('fs.watch() and readFile()', 'µs', of('watch-read', 'secondUs'), { basis: true }),
    row('fs.watch() and readFileSync()', 'µs', of('watch-read-sync', 'secondUs')),
    row('fs.watch() and readFileSync(), of the files of usage and limits, too', 'µs', of('watch-read-all', 'secondUs')),
    row("'breach'", 'µs', of('monitor', 'secondUs')),
    row('a poller, every 250 ms', 'µs', of('poller', 'secondUs')),
    row('fs.watch() and readFile(), JavaScript blocked', 'µs', of('watch-read-blocked', 'secondUs'), { basis: true }),
    row("'breach', JavaScript blocked", 'µs', of('monitor-blocked', 'secondUs')),
  ];
  writeResult(file, rows, [`trigger: ${onKernel ? '`high` counted by the kernel' : 'a write to an ordinary file, told by inotify'}; ${lost} changes were not heard of in time to be counted`]);
}

main().catch((/** @type {unknown} */ error) => {
  console.error(error);
  process.exitCode = 1;
});
