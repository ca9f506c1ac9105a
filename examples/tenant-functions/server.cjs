// Functions of many tenants, in WebAssembly and in processes, kept warm while there is memory: see README.md.
'use strict';

const { createServer } = require('node:http');
const { Supervisor } = require('spillway');
const { InstanceCache, webAssemblyLoader } = require('spillway/cache');
const { WarmProcesses } = require('spillway/pool');
const { binary } = require('./counter-wasm.cjs');
const { GivenBack } = require('./given-back.cjs');
const { press } = require('./pressure.cjs');
const { statusPage } = require('./status-page.cjs');

async function main() {
  const supervisor = await Supervisor.create({ name: 'tenant-functions', limits: { highBytes: process.env['MEMORY_HIGH'] ?? '768MiB' }, leftovers: 'kill' });
  console.log(`guarantee: ${supervisor.guarantee.level}`);

  const functions = new InstanceCache({ name: 'functions', loader: webAssemblyLoader({ read: () => binary }), idleTimeoutMs: 600_000 });
  const processes = new WarmProcesses({
    name: 'processes',
    supervisor,
    modulePath: require.resolve('./tenant.cjs'),
    // Whose request is lost can ask again.
    workerOptions: (tenant) => ({ labels: { tenant: String(tenant) }, retriable: true }),
    capacity: Number(process.env['PROCESSES'] ?? 8),
    idleTimeoutMs: 600_000,
  });
  const givenBack = { functions: new GivenBack(functions), processes: new GivenBack(processes) };
  for (const each of Object.values(givenBack)) supervisor.addReclaimer(each);

  const status = () => ({
    guarantee: supervisor.guarantee.level,
    pool: supervisor.status().pool,
    kills: supervisor.status().counts.kills,
    functions: { ...functions.stats, givenBackBytes: givenBack.functions.bytes },
    processes: { ...processes.stats, givenBackBytes: givenBack.processes.bytes },
  });

  /** @type {Record<string, (tenant: string) => unknown>} */
  const calls = {
    count: async (tenant) => {
      // No tenant ever sees the memory of another one: an instance belongs to its group.
      const lease = functions.tryAcquire('counter', { group: tenant }) ?? (await functions.acquire('counter', { group: tenant }));
      try {
        const { count } = /** @type {{ count: () => number }} */ (lease.instance.exports);
        return { tenant, count: count(), warm: lease.isHit };
      } catch (error) {
        lease.discard(); // after a trap nobody can tell what its memory holds
        throw error;
      } finally {
        lease.release();
      }
    },
    shout: async (tenant) => processes.request(tenant, `hello from ${tenant}`, { timeoutMs: 60_000 }),
  };

  let isPressed = false;
  const server = createServer(async ({ method, url = '' }, response) => {
    const answer = (/** @type {number} */ code, /** @type {unknown} */ body) => response.writeHead(code, { 'content-type': 'application/json' }).end(`${JSON.stringify(body)}\n`);
    try {
      const [, first = '', second = ''] = url.split('/');
      if (url === '/') response.writeHead(200, { 'content-type': 'text/html' }).end(statusPage(status()));
      else if (url === '/status') answer(200, status());
      else if (url === '/pressure' && method === 'POST' && !isPressed) {
        isPressed = true;
        const exit = await press(supervisor, () => processes.stats.idle === 0).finally(() => { isPressed = false; });
        answer(200, { exit, ...status() });
      } else if (Object.hasOwn(calls, second) && /^[a-z0-9-]{1,40}$/.test(first)) answer(200, await calls[second]?.(first));
      else answer(404, { error: 'try /, /status, /TENANT/count, /TENANT/shout' });
    } catch (error) {
      answer(503, { error: String(error) });
    }
  });
  server.listen(Number(process.env['PORT'] ?? 8080), () => console.log('listening on', server.address()));
  process.once('SIGTERM', async () => {
    server.close();
    server.closeAllConnections();
    await Promise.all([functions.close(), processes.close()]);
    await supervisor.close();
  });
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
