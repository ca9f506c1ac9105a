// `--rounds N`: the half with Spillway again and again, one line for each.
'use strict';

const { Account } = require('./account.cjs');
const { lostSeconds, whoWas } = require('./losses.cjs');
const { paint } = require('./paint.cjs');
const { mib, milliseconds, seconds } = require('./text.cjs');
const { atMs } = require('./timeline.cjs');
const { faults } = require('./verdict.cjs');
const { runWithSpillway } = require('./with-spillway.cjs');

const WIDTHS = [8, 9, 9, 9, 11, 10, 11];

/**
 * @param {number} rounds
 * @param {{ base: string, signal: AbortSignal }} half
 * @returns {Promise<boolean>} whether all went well
 */
async function runRounds(rounds, half) {
  console.log(paint('dim', `round       ${line(['victim', 'it held', 'SIGKILL', 'gone', 'OOM kills', 'finished', 'work lost'])}`));
  let good = 0;
  let kernelOomKills = 0;
  let lost = 0;
  for (let round = 1; round <= rounds; round++) {
    const result = await runWithSpillway({ ...half, account: new Account(() => undefined) });
    const wrong = faults(result);
    good += wrong.length === 0 ? 1 : 0;
    kernelOomKills += result.kernelOomKills;
    lost += lostSeconds(result.members);
    const verdict = wrong.length === 0 ? paint('green', ' ok  ') : paint('red', 'WRONG');
    console.log(`${String(round).padStart(5)}  ${verdict}${describe(result)}`);
    for (const sentence of wrong) console.log(`       ${sentence}`);
  }
  console.log(`\n${good} of ${rounds} rounds: the youngest retriable hog died, and nobody else.`);
  console.log(`${kernelOomKills} kernel OOM kills; ${seconds(lost / rounds)} of work lost per round.`);
  return good === rounds;
}

/** @param {import('./with-spillway.cjs').Result} result */
function describe({ members, reports, kernelOomKills }) {
  const kills = reports.flatMap(({ victims, timeline }) => victims.map((victim) => ({ victim, timeline })));
  const each = (/** @type {(kill: typeof kills[number]) => string} */ text) => kills.map(text).join() || '-';
  return line([
    each(({ victim }) => victim.id),
    each(({ victim }) => mib(victim.freeableBytes ?? NaN)),
    each(({ victim, timeline }) => milliseconds(atMs(timeline, 'signalled', victim.id))),
    each(({ victim, timeline }) => milliseconds(atMs(timeline, 'exited', victim.id))),
    String(kernelOomKills),
    `${whoWas(members, 'finished').length} of ${members.length}`,
    seconds(lostSeconds(members)),
  ]);
}

/** @param {readonly string[]} cells */
function line(cells) {
  return cells.map((cell, column) => cell.padStart(WIDTHS[column] ?? 0)).join('');
}

module.exports = { runRounds };
