import { mkdirSync, readFileSync } from 'node:fs';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import { makeGroup, readNumber, removeGroup, ROOT } from './cgroup.mjs';
import { NodeChild, spawnInside } from './child.mjs';
import { startOomd } from './oomd.mjs';
import { PlainPool } from './plain-pool.mjs';
import { pool as limits } from './workloads.mjs';

/**
 * @typedef {{ id: string, command: string[], env: NodeJS.ProcessEnv, retriable: boolean }} WorkerOrder
 * @typedef {{ gapsMs: number[], nativeCpuMs: number, timelines: import('../../lib/supervisor/types.js').TimelineEntry[][] }} Told by a supervisor of a storm
 *
 * @typedef {object} Guarding a guard at its work
 * @property {string} pool
 * @property {string} group the cgroup of the guard itself
 * @property {(order: WorkerOrder) => Promise<number>} spawn starts a worker in the pool, and returns its pid
 * @property {() => Promise<void>} [begin] just before the storm
 * @property {() => Promise<Told | undefined>} [end] just after it
 * @property {() => Promise<void>} clear ends all workers
 * @property {() => Promise<void>} close
 */

const script = (/** @type {string} */ name) => fileURLToPath(new URL(name, import.meta.url));

/**
 * @param {import('./guards.mjs').Guard} guard
 * @param {import('./main.mjs').Order['programs']} programs
 * @returns {Promise<Guarding>}
 */
export async function open(guard, programs) {
  const base = join(ROOT, 'storm', guard.name);
  const group = join(base, 'guard');
  makeGroup(base);
  mkdirSync(group, { recursive: true });
  if (guard.kind === 'spillway') return openSupervisor(guard, base, group);
  const pool = new PlainPool(base, guard);
  const guarding = { pool: pool.path, group, spawn: (/** @type {WorkerOrder} */ order) => pool.spawn(order), clear: () => pool.clear(), close: () => removeGroup(base) };
  switch (guard.kind) {
    case 'none': return guarding;
    case 'poller': return { ...guarding, ...(await openPoller(guard, group, pool.path, guarding.close)) };
    case 'earlyoom': return { ...guarding, ...earlyoom(programs.earlyoom, group, pool.path) };
    case 'oomd': return { ...guarding, ...(await openOomd(programs, group, pool.path, guarding.close)) };
  }
}

/**
 * @param {import('./guards.mjs').Guard} guard
 * @param {string} base
 * @param {string} group
 * @returns {Promise<Guarding>}
 */
async function openSupervisor({ options = {}, inside = false, only }, base, group) {
  const { markBytes: highBytes, maxBytes } = limits;
  // Under emulation even to die may take its time.
  const child = new NodeChild(group, [script('supervisor.cjs'), base, JSON.stringify({ limits: { highBytes, maxBytes }, victimTimeoutMs: 10_000, ...options })]);
  const { pool } = await child.hear();
  const own = join(pool, 'own');
  if (inside) {
    mkdirSync(own);
    await child.ask('enter', own);
  }
  return {
    pool,
    group: inside ? own : group,
    spawn: async ({ id, command: [file, ...args], env, retriable }) => (await child.ask('spawn', { id, file, args, env, retriable })).pid,
    begin: () => child.ask('storm', { withBeat: only !== undefined }),
    end: () => child.ask('calm'),
    clear: () => child.ask('clear'),
    close: async () => {
      if (inside) {
        await child.ask('enter', group);
        await removeGroup(own);
      }
      await child.ask('close');
      await child.stop();
      await removeGroup(base);
    },
  };
}

/**
 * @param {import('./guards.mjs').Guard} guard
 * @param {string} group
 * @param {string} pool
 * @param {() => Promise<void>} close
 */
async function openPoller({ intervalMs }, group, pool, close) {
  const child = new NodeChild(group, [script('poller.cjs'), pool, String(limits.markBytes), String(intervalMs)]);
  await child.hear();
  return {
    close: async () => {
      await child.stop();
      await close();
    },
  };
}

/**
 * earlyoom knows the whole machine only: it is told how much of that will be available when the pool is at its mark.
 * @param {string} program
 * @param {string} group
 * @param {string} pool
 */
function earlyoom(program, group, pool) {
  /** @type {import('node:child_process').ChildProcess | undefined} */
  let child;
  return {
    begin: async () => {
      const availableKib = Number(/^MemAvailable:\s*(\d+)/m.exec(readFileSync('/proc/meminfo', 'utf8'))?.[1]);
      const leftKib = Math.max(0, limits.markBytes - readNumber(pool, 'memory.current')) / 1024;
      const args = ['-r', '0', '-M', String(Math.round(availableKib - leftKib)), '--prefer', '^perl$', '--avoid', '^(node|storm_watcher)$'];
      child = spawnInside(group, [program, ...args], { stdio: ['ignore', 'ignore', 'ignore'] });
    },
    end: async () => {
      const ended = child && once(child, 'exit');
      child?.kill('SIGKILL');
      await ended;
      return undefined;
    },
  };
}

/**
 * @param {import('./main.mjs').Order['programs']} programs
 * @param {string} group
 * @param {string} pool
 * @param {() => Promise<void>} close
 */
async function openOomd(programs, group, pool, close) {
  const oomd = await startOomd(programs, group, pool.slice(ROOT.length));
  return {
    close: async () => {
      await oomd.stop();
      await close();
    },
  };
}
