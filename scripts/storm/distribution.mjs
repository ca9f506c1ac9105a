/**
 * The time from the shortage to the first signal, each round a point, each guard a line of them.
 * @param {import('./summary.mjs').Storm} storm
 * @returns {import('vega-lite').TopLevelSpec}
 */
export function distribution({ host, workload, guards }) {
  const titles = guards.map(({ title }) => title);
  // A point at nothing has no place on a logarithmic scale.
  const values = guards.flatMap(({ title, signalsMs }) => signalsMs.map((ms) => ({ title, ms: Math.max(ms, 0.1) })));
  const silent = guards.filter(({ signalsMs }) => signalsMs.length === 0).map(({ title }) => ({ title, ms: 0.1, text: 'no signal in any round' }));
  const ticks = [0.1, 1, 10, 100, 1000, 10_000];
  const x = /** @type {const} */ ({ field: 'ms', type: 'quantitative', scale: { type: 'log', domainMin: 0.1, nice: true }, title: 'milliseconds from the shortage to the first deadly signal, whoever sent it (logarithmic)', axis: { format: '~g', values: ticks } });
  const y = /** @type {const} */ ({ field: 'title', type: 'nominal', sort: titles, title: null, scale: { domain: titles }, axis: { ticks: false, domain: false, labelFontSize: 12, labelColor: '#24292f', labelPadding: 10, labelLimit: 240 } });
  return {
    title: { text: `From shortage to signal: ${workload.title}`, subtitle: [`${guards[0]?.rounds ?? 0} rounds of each guard in turn, Linux ${host.kernel}${host.lab ? ', emulated' : ''}`, 'Each dot is a round, each bar a median.'] },
    width: 560,
    height: { step: 34 },
    layer: [
      { data: { values }, mark: { type: 'point', filled: true, size: 55, opacity: 0.45, color: '#0969da' }, encoding: { x, y } },
      { data: { values }, mark: { type: 'tick', thickness: 3, size: 24, color: '#24292f' }, encoding: { x: { ...x, aggregate: 'median' }, y } },
      { data: { values: silent }, mark: { type: 'text', align: 'left', dx: 4, color: '#57606a', fontSize: 11 }, encoding: { x, y, text: { field: 'text' } } },
    ],
  };
}
