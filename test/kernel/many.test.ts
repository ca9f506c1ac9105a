import { existsSync } from 'node:fs';
import type { WorkerOptions } from '../../lib/supervisor/worker-options';
import type { ExitCause } from '../../lib/supervisor/types';
import { childPids, openFiles, threadNames } from '../support/process-resources';
import { trials } from '../support/trials';
import { useSupervisors, type Supervised } from './support/supervisors';
import { until } from './support/test-cgroup';

const { create, make } = useSupervisors();

/** What the process holds: descriptors, threads, children (zombies too), listeners, and what Node itself tells of (handles, requests, timers). */
function held({ supervisor }: Supervised): string[] {
  const listeners = [process, supervisor].flatMap((emitter) => emitter.eventNames().flatMap((name) => Array<string>(emitter.listenerCount(name as never)).fill(`listener ${String(name)}`)));
  return [...openFiles(), ...threadNames(), ...childPids().map(String), ...listeners, ...process.getActiveResourcesInfo()];
}

/** What is held that was not held before. Something may have gone since, which had not been closed yet. */
function leaked(before: readonly string[], pool: Supervised): string[] {
  const left = [...before];
  return held(pool).filter((name) => {
    const index = left.indexOf(name);
    if (index >= 0) left.splice(index, 1);
    return index < 0;
  });
}

/** Node closes some of it a little later. */
async function expectNoLeak(before: readonly string[], pool: Supervised): Promise<void> {
  // The timer that it waits with does not count.
  const found = (): string[] => leaked([...before, 'Timeout'], pool);
  await until('what Node closes later', () => found().length === 0).catch(() => undefined);
  expect(found()).toEqual([]);
}

interface Kind {
  file: string;
  args: string[];
  options?: WorkerOptions;
  cause: ExitCause;
  /** Ended by `worker.kill()`. */
  kill?: true;
  aborts?: true;
}

const kinds: Kind[] = [
  { file: 'true', args: [], cause: 'exit' },
  { file: 'sh', args: ['-c', 'exit 7'], options: { group: 'one' }, cause: 'exit' },
  { file: 'sh', args: ['-c', 'kill -SEGV $$'], options: { group: 'two' }, cause: 'signal' },
  { file: 'sleep', args: ['1000'], kill: true, cause: 'signal' },
  { file: 'sleep', args: ['1000'], options: { group: 'one', memory: { highBytes: '32MiB' } }, kill: true, cause: 'signal' },
  { file: 'sh', args: ['-c', 'sleep 1000 & sleep 1000 & exit 0'], options: { pidsMax: 16, cpuWeight: 50 }, cause: 'exit' },
  { file: 'sh', args: ['-c', 'exec tail /dev/zero'], options: { group: 'two', memory: { maxBytes: '8MiB', lowBytes: '1MiB' } }, cause: 'kernel-oom' },
  { file: 'sleep', args: ['1000'], aborts: true, cause: 'aborted' },
];

async function once({ supervisor }: Supervised, kind: Kind): Promise<void> {
  const abort = new AbortController();
  const worker = await supervisor.spawn(kind.file, kind.args, { stdio: ['ignore', 'pipe', 'ignore'], signal: abort.signal }, kind.options ?? {});
  if (kind.kill) worker.kill();
  if (kind.aborts) abort.abort();
  expect(await worker.exited).toMatchObject({ id: worker.id, cause: kind.cause });
}

const workers = trials(60, 500);

test(`${workers} workers of all kinds, several at a time, leave no descriptor, cgroup, thread, listener, zombie or timer`, async () => {
  const pool = await create();
  // The first of each opens what stays open: libuv's pools, Node's own, the groups.
  for (const kind of kinds) await once(pool, kind);
  await expect(pool.supervisor.spawn('/missing')).rejects.toMatchObject({ code: 'ENOENT' });
  const before = held(pool);

  let next = 0;
  const lanes = Array.from({ length: 5 }, async () => {
    while (next < workers) {
      const kind = kinds[next++ % kinds.length];
      if (kind !== undefined) await once(pool, kind);
      if (next % 10 === 0) await expect(pool.supervisor.spawn('/missing')).rejects.toMatchObject({ code: 'ENOENT' });
    }
  });
  await Promise.all(lanes);

  await expectNoLeak(before, pool);
  expect(pool.pool.children().flatMap((group) => group.children())).toEqual([]);
  expect(pool.supervisor.status().workers).toEqual([]);
  expect(pool.exits).toHaveLength(kinds.length + workers);
  expect([pool.pool.number('memory.low'), ...pool.pool.children().map((group) => group.number('memory.low'))]).toEqual([0, 0, 0, 0]);
}, 600_000);

test('supervisors made and closed in a loop leave nothing either', async () => {
  const witness = await create({ name: 'witness' });
  const base = make();
  const round = async (count: number): Promise<void> => {
    const pool = await create({ base, name: `pool${count}`, closeOn: ['SIGTERM'], limits: {} });
    await pool.supervisor.group('tenant', { highBytes: '32MiB' });
    await pool.run('sleep', ['1000'], { group: 'tenant', memory: { highBytes: '16MiB' } });
    pool.supervisor.prepare({ id: 'never used' });
    await pool.supervisor.close();
    expect(existsSync(pool.pool.directory)).toBe(false);
  };
  await round(0);
  const before = held(witness);

  for (let count = 1; count <= trials(5, 50); count++) await round(count);

  await expectNoLeak(before, witness);
  expect(base.children()).toEqual([]);
}, 600_000);
