const number = (/** @type {number} */ value) => (Number.isFinite(value) ? (Math.abs(value) >= 100 ? value.toFixed(0) : Math.abs(value) >= 10 ? value.toFixed(1) : value.toFixed(2)) : '-');
const pair = (/** @type {{ count: number, p50: number, p99: number }} */ { count, p50, p99 }) => (count === 0 ? '-' : `${number(p50)} / ${number(p99)}`);

/** @typedef {import('./summary.mjs').GuardRow} Row */

/** @type {[heading: string, cell: (row: Row, basis: Row | undefined) => string | number][]} */
const columns = [
  ['', ({ title }) => title],
  ['kernel OOM kills', ({ oomKills }) => oomKills],
  ['kills', ({ kills }) => kills],
  ['wrong', ({ wrongVictims }) => wrongVictims],
  ['needless', ({ needlessKills }) => needlessKills],
  ['shortage to signal, ms', ({ signalMs }) => pair(signalMs)],
  ['times as fast as the poller', ({ signalMs }, basis) => (signalMs.count > 0 && basis ? number(basis.signalMs.p50 / signalMs.p50) : '-')],
  ['to memory freed, ms', ({ freedMs }) => pair(freedMs)],
  ['work lost, s', ({ lostSeconds }) => pair(lostSeconds)],
  ['honest pace, %', ({ honestShare }) => number(honestShare.p50 * 100)],
  ['pool stall, ms', ({ poolStallMs }) => pair(poolStallMs)],
  ['guard stall, ms', ({ guardStallMs }) => pair(guardStallMs)],
  ['guard CPU, ms', ({ guardCpuMs }) => number(guardCpuMs.p50)],
  ['guard memory, MiB', ({ guardMib }) => number(guardMib.p50)],
];

/** Of storms in which the supervisor's own heart is watched. @type {typeof columns} */
const beats = [['', ({ title }) => title], ['heartbeat gap, ms (p50 / p99)', ({ gapMs }) => (gapMs ? pair(gapMs) : '-')], ['longest', ({ gapMs }) => (gapMs ? number(gapMs.max) : '-')], ...columns.slice(9)];

/**
 * Two figures in a cell are p50 / p99 of the rounds; the poller is that of 250 ms.
 * @param {import('./summary.mjs').Storm} storm
 */
export function stormTable({ host, workload, guards }) {
  const shown = guards.some(({ gapMs }) => gapMs) ? beats : columns;
  const basis = guards.find(({ name }) => name === 'poller-250');
  return [
    `${workload.title}: Linux ${host.kernel}${host.lab ? ' in the kernel lab (software emulation)' : ''}, ${host.cpus} CPUs, Node ${host.node}, ${guards[0]?.rounds ?? 0} rounds of each in turn`,
    '',
    `| ${shown.map(([heading]) => heading).join(' | ')} |`,
    `|${shown.map((_, index) => (index === 0 ? '---' : '---:')).join('|')}|`,
    ...guards.map((row) => `| ${shown.map(([, cell]) => cell(row, basis)).join(' | ')} |`),
    '',
  ].join('\n');
}
