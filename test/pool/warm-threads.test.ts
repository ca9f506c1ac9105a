import { once } from 'node:events';
import type { Worker } from 'node:worker_threads';
import { WarmPool, warmThreads, type Lease } from '../../lib/pool';
import { until } from '../support/containment';
import { nothing, rejection } from './warm-world';

jest.setTimeout(120_000);

const program = `
  const { parentPort, threadId, workerData } = require('node:worker_threads');
  parentPort.on('message', (message) => {
    if (message === 'exit') process.exit(3);
    if (message === 'throw') throw new Error('broken');
    parentPort.postMessage([threadId, workerData]);
  });
`;

const pools: WarmPool<Worker, string>[] = [];

function start(): WarmPool<Worker, string> {
  const pool = new WarmPool<Worker, string>({ ...warmThreads<string>({ file: program, threadOptions: (key) => ({ eval: true, workerData: key }) }), capacity: 2 });
  pools.push(pool);
  return pool;
}

afterEach(async () => {
  await Promise.all(pools.splice(0).map((pool) => pool.close()));
});

async function ask(lease: Lease<Worker>): Promise<unknown> {
  const answer = once(lease.resource, 'message');
  lease.resource.postMessage('who are you');
  return ((await answer) as unknown[])[0];
}

it('a key finds its thread again; another one has its own', async () => {
  const pool = start();
  const answers: unknown[] = [];
  for (const key of ['a', 'a', 'b']) {
    const lease = await pool.acquire(key);
    answers.push(await ask(lease));
    lease.release();
  }
  expect(answers[1]).toEqual(answers[0]);
  expect(answers.map((answer) => (answer as unknown[])[1])).toEqual(['a', 'a', 'b']);
  expect(pool.stats).toMatchObject({ hits: 1, creations: 2, idle: 2 });
});

it.each(['exit', 'throw'])('a thread that ends (%s) is not lent again, and does no harm', async (how) => {
  const pool = start();
  const lease = await pool.acquire('a');
  const { resource } = lease;
  const exited = once(resource, 'exit');
  resource.postMessage(how);
  await exited.catch(() => undefined);
  lease.release();
  await until('it to be gone', () => pool.stats.ended.lost === 1 && pool.stats.ending === 0);
  const next = await pool.acquire('a');
  expect(next.resource).not.toBe(resource);
  await ask(next);
  const idle = next.resource;
  next.release();
  idle.postMessage(how);
  await until('it to be heard of', () => pool.stats.ended.lost === 2);
  expect(pool.stats).toMatchObject(nothing);
});

it('given up, it is terminated', async () => {
  const pool = start();
  const lease = await pool.acquire('a');
  const exited = once(lease.resource, 'exit');
  lease.discard();
  await exited;
  await pool.close();
  expect(pool.stats).toMatchObject(nothing);
});

it('a file that cannot be: acquire() is rejected', async () => {
  const pool = new WarmPool<Worker, string>({ ...warmThreads<string>({ file: 'neither absolute nor relative' }), capacity: 1 });
  expect(await rejection(pool.acquire('a'))).toMatchObject({ code: 'ERR_SPILLWAY_HOOK_FAILED', cause: expect.objectContaining({ name: 'TypeError' }) as unknown });
  expect(pool.stats).toMatchObject(nothing);
});
