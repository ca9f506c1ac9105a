import { MIB, pool } from './workloads.mjs';

/** What of a picture is told by which colour. */
const colours = { memory: '#0969da', mark: '#bf8700', max: '#cf222e', stall: '#bf8700', right: '#1a7f37', wrong: '#cf222e' };

/**
 * One storm under each guard, below each other: memory against mark and limit, the kills, and behind it how much of
 * the time the whole pool stood still.
 * @param {import('./summary.mjs').Storm} storm
 * @returns {import('vega-lite').TopLevelSpec}
 */
export function timelines({ host, workload, guards }) {
  const growing = guards.map(({ title }) => title);
  const memory = guards.flatMap(({ title, timeline: { points } }) => points.map(({ atMs, currentMib }) => ({ title, s: atMs / 1000, mib: currentMib })));
  const stalls = guards.flatMap(({ title, timeline: { points } }) => stallsOf(points).map((each) => ({ title, ...each })));
  const kills = guards.flatMap(({ title, timeline }) => timeline.kills.map(({ id, atMs, byKernel, right }, index) => ({
    // Below the line of memory, on steps, so that names of those who die together can be read.
    title, s: atMs / 1000, mib: 25 + 40 * (index % 3), text: `${id}${byKernel ? ' (kernel)' : ''}`, kind: right ? 'right' : 'wrong',
  })));
  const limits = growing.flatMap((title) => [{ title, mib: pool.markBytes / MIB, text: 'mark' }, { title, mib: pool.maxBytes / MIB, text: 'limit' }]);
  const last = Math.ceil(Math.max(...memory.map(({ s }) => s)));
  const [seconds, bytes, ticks, ends, ranges] = [[0, last], [0, 300], [0, 100, 200, 300], ['right', 'wrong'], [colours.right, colours.wrong]];
  const x = /** @type {const} */ ({ field: 's', type: 'quantitative', title: 'seconds since the storm began', scale: { domain: seconds, nice: false }, axis: { grid: false, format: '~g', tickMinStep: 1 } });
  const y = /** @type {const} */ ({ field: 'mib', type: 'quantitative', title: 'MiB', scale: { domain: bytes }, axis: { values: ticks } });
  const killed = /** @type {const} */ ({ field: 'kind', type: 'nominal', scale: { domain: ends, range: ranges }, legend: null });
  const row = /** @type {const} */ ({ field: 'title', type: 'nominal', sort: growing, header: { labelAngle: 0, labelAlign: 'left', labelAnchor: 'start', labelOrient: 'top' } });
  return {
    title: {
      text: `One storm under each guard: ${workload.title}`,
      subtitle: [
        'Blue: memory of the pool. Amber: how much of the time all of it stood still.',
        'Green: a worker dies that may. Red: one that should not.',
        `Linux ${host.kernel}${host.lab ? ', emulated' : ''}; of each guard the round in the middle.`,
      ],
    },
    data: { values: [...memory, ...stalls, ...kills, ...limits] },
    facet: { row },
    spacing: 14,
    spec: {
      width: 640,
      height: 84,
      layer: [
        { transform: [{ filter: 'isValid(datum.share)' }], mark: { type: 'rect', color: colours.stall }, encoding: { x, x2: { field: 's2' }, y: { datum: 0 }, y2: { datum: 300 }, opacity: { field: 'share', type: 'quantitative', scale: { domain: [0, 1], range: [0, 0.5] }, legend: null } } },
        { transform: [{ filter: "datum.text === 'mark'" }], mark: { type: 'rule', color: colours.mark, strokeDash: [4, 3] }, encoding: { y } },
        { transform: [{ filter: "datum.text === 'limit'" }], mark: { type: 'rule', color: colours.max, strokeDash: [4, 3] }, encoding: { y } },
        { transform: [{ filter: "datum.text === 'mark' || datum.text === 'limit'" }], mark: { type: 'text', align: 'left', baseline: 'middle', dx: 5, fontSize: 10, color: '#57606a' }, encoding: { x: { datum: last }, y, text: { field: 'text' } } },
        { transform: [{ filter: 'isValid(datum.mib) && !isValid(datum.text)' }], mark: { type: 'line', color: colours.memory, strokeWidth: 1.8, interpolate: 'linear' }, encoding: { x, y } },
        { transform: [{ filter: 'isValid(datum.kind)' }], mark: { type: 'rule', strokeWidth: 1.5 }, encoding: { x, color: killed } },
        { transform: [{ filter: 'isValid(datum.kind)' }], mark: { type: 'text', align: 'left', dx: 4, fontSize: 10, fontWeight: 'bold' }, encoding: { x, y, text: { field: 'text' }, color: killed } },
      ],
    },
    resolve: { axis: { x: 'shared' } },
  };
}

/**
 * The share of each tenth of a second in which the pool stood still.
 * @param {{ atMs: number, stallMs: number }[]} points
 */
function stallsOf(points) {
  const windows = [];
  let [begin] = points;
  for (const point of points) {
    if (begin === undefined || point.atMs - begin.atMs < 100) continue;
    const share = Math.min(1, (point.stallMs - begin.stallMs) / (point.atMs - begin.atMs));
    if (share > 0.02) windows.push({ s: begin.atMs / 1000, s2: point.atMs / 1000, share: Math.round(share * 100) / 100 });
    begin = point;
  }
  return windows;
}
