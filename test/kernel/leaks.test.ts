import { spawn } from 'node:child_process';
import { closeSync, openSync, readdirSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { childPids, openFiles, threadNames } from '../support/process-resources';
import { trials } from '../support/trials';
import { linesOf } from './support/program';
import { useSupervisors } from './support/supervisors';
import { until } from './support/test-cgroup';

let endLimiter: (() => Promise<void>) | undefined;

afterEach(async () => {
  await endLimiter?.();
  endLimiter = undefined;
});

const { create, make } = useSupervisors();

interface Held {
  files: string[];
  threads: string[];
  children: number[];
}

function held(): Held {
  return { files: openFiles(), threads: threadNames(), children: childPids() };
}

/** The first use of anything opens what stays open: libuv's pools and Node's own. */
async function warmUp(): Promise<void> {
  const { supervisor } = await create({ name: 'warm-up', base: make() });
  await (await supervisor.spawn('true', [], { stdio: 'ignore' })).exited;
  await supervisor.close();
  // One that has ended is listed for a moment more.
  await until('its threads to be gone', () => !threadNames().some((name) => name.startsWith('spillway')));
}

/** Waits for what Node closes a little later; what stays is found by the caller. */
async function settled(before: Held, now = held): Promise<void> {
  const isSettled = ({ files, threads }: Held): boolean => files.length <= before.files.length && threads.length <= before.threads.length;
  for (let tries = 0; tries < 100 && !isSettled(now()); tries++) await delay(20);
}

const workers = trials(100, 500);

test(`${workers} workers, started and ended, leave no descriptor, cgroup, thread or zombie`, async () => {
  await warmUp();
  const pool = await create();
  const before = held();

  for (let started = 0; started < workers; started += 5) {
    const batch = await Promise.all([0, 1, 2, 3, 4].map(() => pool.supervisor.spawn('true', [], { stdio: ['ignore', 'pipe', 'ignore'] })));
    await Promise.all(batch.map(({ exited }) => exited));
  }
  await settled(before);

  expect(held()).toEqual(before);
  expect(pool.leaves).toEqual([]);
  expect(pool.exits).toHaveLength(workers);
  expect(pool.exits.every(({ code, cause }) => code === 0 && cause === 'exit')).toBe(true);
  expect(pool.supervisor.status().workers).toEqual([]);
}, 600_000);

test('after close() nothing is left: no cgroup, descriptor, thread or child', async () => {
  await warmUp();
  const base = make();
  const before = held();
  const pool = await create({ base });
  await pool.start('hog', [8, 4, 10, 400]);
  await pool.start('forker', [2, 'stay']);
  await pool.relief(1);
  await pool.supervisor.close();
  await settled(before);

  expect(held()).toEqual(before);
  expect(base.children()).toEqual([]);
});

/**
 * A plain child_process.spawn() with a pipe leaves its end of it open for ever when the last two
 * descriptors are what it lacks (Node 20, seen without Spillway); there is no handle to close it by.
 */
function withoutSockets(all: Held): Held {
  return { ...all, files: all.files.filter((name) => name !== 'socket:') };
}

test('spawns that run out of descriptors reject and leave nothing behind, at whatever point it was', async () => {
  await warmUp();
  const pool = await create();
  const setLimit = limiter();
  await setLimit.to(64);
  const before = withoutSockets(held());
  const codes = new Set<unknown>();
  for (let free = 0; free <= 14; free++) {
    const fillers = fill();
    for (const fd of fillers.splice(0, free)) closeSync(fd);
    const outcome = await pool.supervisor.spawn('true', [], { stdio: 'ignore' }).then(
      async (worker) => (await worker.exited).cause,
      (error: unknown) => (error as NodeJS.ErrnoException).code,
    );
    codes.add(outcome);
    for (const fd of fillers) closeSync(fd);
    await settled(before, () => withoutSockets(held()));
    expect({ free, leaves: pool.leaves, ...withoutSockets(held()) }).toEqual({ free, leaves: [], ...before });
  }

  expect([...codes]).toContain('exit');
  expect([...codes].every((code) => code === 'exit' || code === 'EMFILE' || code === 'ERR_SPILLWAY_SYSTEM_LIMIT')).toBe(true);
  expect(pool.supervisor.status().workers).toEqual([]);
  pool.degraded.length = 0;
});

test('a supervisor that runs out of descriptors while it is made rejects and leaves nothing behind', async () => {
  await warmUp();
  const base = make();
  const setLimit = limiter();
  await setLimit.to(64);
  const before = held();
  const codes = new Set<unknown>();
  for (let free = 0; free <= 20; free++) {
    const fillers = fill();
    for (const fd of fillers.splice(0, free)) closeSync(fd);
    const outcome = await create({ base }).then(
      async ({ supervisor }) => {
        await supervisor.close();
        return 'made';
      },
      (error: unknown) => (error as NodeJS.ErrnoException).code,
    );
    codes.add(outcome);
    for (const fd of fillers) closeSync(fd);
    await settled(before);
    expect({ free, pools: base.children(), ...held() }).toEqual({ free, pools: [], ...before });
  }

  expect([...codes]).toContain('made');
  expect([...codes].every((code) => code === 'made' || code === 'EMFILE' || code === 'ERR_SPILLWAY_SYSTEM_LIMIT')).toBe(true);
});

/** Opens descriptors until there are no more. */
function fill(): number[] {
  const fds: number[] = [];
  for (;;) {
    try {
      fds.push(openSync('/dev/null', 'r'));
    } catch {
      return fds;
    }
  }
}

/** Changes this process's limit of descriptors, by a helper that is there before they run out. */
function limiter(): { to: (more: number) => Promise<void> } {
  const shell = spawn('sh', ['-c', 'while read limit; do prlimit --pid "$0" --nofile="$limit:" && echo "$limit"; done', String(process.pid)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = linesOf(shell);
  const set = async (limit: number): Promise<void> => {
    shell.stdin.write(`${limit}\n`);
    await lines.line(String(limit));
  };
  endLimiter = async () => {
    await set(100_000);
    shell.stdin.end();
    await new Promise((resolve) => shell.once('close', resolve));
  };
  return { to: (more) => set(Math.max(...readdirSync('/proc/self/fd').map(Number)) + more) };
}
