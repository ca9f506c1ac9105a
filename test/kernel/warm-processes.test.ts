import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { WarmProcesses } from '../../lib/pool';
import { MiB } from './support/program';
import { useSupervisors, type Options, type Supervised } from './support/supervisors';
import { startTaker } from './support/takers';
import { until } from './support/test-cgroup';

const { create } = useSupervisors();
const keys = ['a', 'b', 'c'];

/** A pool with three idle processes that hold 20 MiB each. */
async function createWarm(options: Options = {}): Promise<{ pool: Supervised; processes: WarmProcesses<string> }> {
  const pool = await create({ limits: { highBytes: 320 * MiB }, roomMs: 50, ...options });
  const processes = new WarmProcesses<string>({
    supervisor: pool.supervisor,
    modulePath: join(__dirname, 'programs/keeper.cjs'),
    capacity: keys.length,
    idleTimeoutMs: 3_600_000,
    workerOptions: (id) => ({ id, retriable: true }),
  });
  pool.supervisor.addReclaimer(processes);
  // One after the other, so that it is known who is idle for longest.
  for (const key of keys) expect(await processes.request(key, 20)).toBe(20 * MiB);
  expect(processes.stats).toMatchObject({ idle: 3, creations: 3 });
  expect(processes.stats.idleBytes).toBeGreaterThan(3 * 20 * MiB);
  return { pool, processes };
}

test('where idle warm processes are enough they go, the least recently used first, and nobody is killed', async () => {
  const { pool, processes } = await createWarm();
  const worker = await startTaker(pool, { id: 'worker', retriable: true });

  for (const idle of [2, 1, 0]) {
    // Again and again: what it goes by may be old, or a collection of theirs may give something back meanwhile.
    while (processes.stats.idle > idle) {
      await worker.fillTo(0.925);
      await delay(50);
    }
  }

  await until('the last one to be gone', () => pool.exits.length === 3);
  expect(pool.exits.map(({ id }) => id)).toEqual(keys);
  expect(worker.isAlive).toBe(true);
  expect(pool.victims).toEqual([]);
  expect(pool.supervisor.status()).toMatchObject({ workers: [{ id: 'worker' }], counts: { kills: 0, kernelOomKills: 0 } });
  await processes.close();
});

test('where they are not enough they go first, and then the leak is killed', async () => {
  const { pool, processes } = await createWarm({ reclaimBudgetMs: 30_000 });
  const leak = await startTaker(pool, { id: 'leak', retriable: true });

  leak.tell('take 600');
  expect(await leak.exited).toMatchObject({ cause: 'spillway', blame: 'pool' });

  expect(pool.exits.map(({ id }) => id).sort()).toEqual([...keys, 'leak']);
  expect(pool.exits.at(-1)?.id).toBe('leak');
  expect(pool.supervisor.status()).toMatchObject({ workers: [], counts: { kernelOomKills: 0 } });
  await processes.close();
});

test('one that is killed in the middle of a request rejects it, and its key gets another', async () => {
  const { pool, processes } = await createWarm();
  const request = processes.request('a', 20);
  const victim = pool.supervisor.status().workers.find(({ id }) => id === 'a');
  process.kill(victim?.pid ?? NaN, 'SIGKILL');

  await expect(request).rejects.toMatchObject({ code: 'ERR_SPILLWAY_PROCESS_ENDED', cause: { id: 'a', signal: 'SIGKILL' } });

  // Else it would be given the slot of another key.
  await until('its slot to be free', () => processes.stats.ending === 0);
  expect(await processes.request('a', 20)).toBe(20 * MiB);
  expect(processes.stats).toMatchObject({ idle: 3, leased: 0 });
  await processes.close();
});
