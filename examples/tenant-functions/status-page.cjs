'use strict';

const mib = (/** @type {number | undefined} */ bytes) => (bytes === undefined ? 'unknown' : `${(bytes / 2 ** 20).toFixed(1)} MiB`);

/**
 * @typedef {{
 *   guarantee: string,
 *   pool: { usage: { pinnedBytes?: number }, markBytes: number } | undefined,
 *   kills: number,
 *   functions: import('spillway/cache').CacheStats & { givenBackBytes: number },
 *   processes: import('spillway/pool').WarmPoolStats & { givenBackBytes: number },
 * }} Status
 */

/** @param {Status} status */
function statusPage({ guarantee, pool, kills, functions, processes }) {
  const rows = [
    ['', 'functions (WebAssembly)', 'processes'],
    ['hits', functions.hits, processes.hits],
    ['made anew', functions.misses, processes.creations],
    ['warm', functions.idle, processes.idle],
    ['warm memory', `${mib(functions.idleBytes)}, code ${mib(functions.moduleBytes)}`, mib(processes.idleBytes)],
    ['given back', `${functions.evictions.trimmed}, ${mib(functions.givenBackBytes)}`, `${processes.ended.trimmed}, ${mib(processes.givenBackBytes)}`],
  ];
  const table = rows.map((row) => `<tr>${row.map((cell) => `<td>${cell}</td>`).join('')}</tr>`).join('\n');
  return `<!doctype html>
<meta charset="utf-8"><meta http-equiv="refresh" content="1"><title>Tenant functions</title>
<style>body { font: 16px sans-serif; margin: 2em } td { padding: 0.3em 1.5em 0.3em 0 }</style>
<h1>Tenant functions</h1>
<table>
${table}
</table>
<p>The pool holds ${mib(pool?.usage.pinnedBytes)} of ${mib(pool?.markBytes)}. Killed: ${kills}. Guarantee: ${guarantee}.</p>
`;
}

module.exports = { statusPage };
