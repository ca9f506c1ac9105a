// load.cjs [URL] [ROUNDS]: twenty tenants at once, then memory pressure. Prints what the server tells in between.
'use strict';

const [, , url = 'http://localhost:8080', rounds = '5'] = process.argv;
const tenants = Array.from({ length: 20 }, (_, index) => `tenant-${index}`);
const { fetch } = globalThis;
/** @returns {Promise<any>} */
const get = async (/** @type {string} */ path, /** @type {object} */ options = {}) => (await fetch(`${url}${path}`, options)).json();

/** The first tenants ask more often: theirs should be warm. */
async function ask(/** @type {string} */ tenant, /** @type {number} */ index) {
  for (let round = 0; round < Number(rounds); round++) {
    for (let call = 0; call < 10; call++) await get(`/${tenant}/count`);
    if (index < 6 || round === 0) await get(`/${tenant}/shout`);
  }
}

/** @param {import('./status-page.cjs').Status} status */
function line({ functions, processes, kills }) {
  const part = (/** @type {string} */ name, /** @type {number} */ hits, /** @type {number} */ made, /** @type {{ idle: number, idleBytes: number, givenBackBytes: number }} */ { idle, idleBytes, givenBackBytes }) =>
    `${name}: ${hits} hits, ${made} made, ${idle} warm with ${(idleBytes / 2 ** 20).toFixed(0)} MiB, ${(givenBackBytes / 2 ** 20).toFixed(0)} MiB given back`;
  return `${part('functions', functions.hits, functions.misses, functions)}; ${part('processes', processes.hits, processes.creations, processes)}; killed: ${kills}`;
}

async function main() {
  await Promise.all(tenants.map(ask));
  console.log(`after twenty tenants:  ${line(await get('/status'))}`);
  console.log(`after memory pressure: ${line(await get('/pressure', { method: 'POST' }))}`);
  await Promise.all(tenants.map((tenant) => get(`/${tenant}/count`)));
  console.log(`asked once more:       ${line(await get('/status'))}`);
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
