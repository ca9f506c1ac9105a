import { spawnSync } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { readNumber, stalledMs } from './cgroup.mjs';
import { forgetSignals, readSignals } from './signals.mjs';
import { watch } from './watcher.mjs';
import { cacheFile } from './workloads.mjs';

const PLACE = '/dev/shm/storm';
const CALM_MS = 1000;
/** At most so much longer, by chance: no poller shall be in step with the storms. */
const CHANCE_MS = 1000;
const PROGRAM = fileURLToPath(new URL('worker.pl', import.meta.url));
/** malloc() gives back what is freed only where each piece is a mapping of its own. */
const ENV = { PATH: '/usr/bin:/bin', LANG: 'C', MALLOC_MMAP_THRESHOLD_: '65536' };

export const nowMs = () => Number(process.hrtime.bigint()) / 1e6;

/**
 * What was seen of one round; `figures.mjs` makes the figures of it. Times by the monotonic clock.
 * @typedef {object} Seen
 * @property {number} gateMs
 * @property {number} endMs
 * @property {Player[]} players
 * @property {import('./watcher.mjs').Watched} watched
 * @property {ReturnType<typeof readSignals>} signals
 * @property {number} oomKills
 * @property {{ poolStallMs: number, guardStallMs: number, guardCpuMs: number }} spent from the gate to the end
 * @property {number} guardBytes
 * @property {number} honestShare rounds of the honest workers a second, in relation to those before the gate
 * @property {import('./guarding.mjs').Told | undefined} told
 *
 * @typedef {{ id: string, pid: number, beganMs: number, heldMib: number }} Player
 */

/**
 * @param {import('./workloads.mjs').Workload} workload
 * @param {import('./guarding.mjs').Guarding} guarding
 * @param {string} watcherProgram
 * @returns {Promise<Seen>}
 */
export async function playRound(workload, guarding, watcherProgram) {
  rmSync(PLACE, { recursive: true, force: true });
  mkdirSync(PLACE);
  const gate = join(PLACE, 'gate');
  spawnSync('mkfifo', [gate], { stdio: 'inherit' });
  if (workload.cast.some(({ does: [kind] }) => kind === 'reader')) makeCold(cacheFile);
  const pids = await startCast(workload, guarding, gate);
  const { pool, group } = guarding;
  const count = () => ({
    oomKills: readNumber(pool, 'memory.events', 'oom_kill'),
    oomGroupKills: readNumber(pool, 'memory.events', 'oom_group_kill'),
    poolStallMs: stalledMs(pool),
    guardStallMs: stalledMs(group),
    guardCpuMs: readNumber(group, 'cpu.stat', 'usage_usec') / 1000,
  });
  const honest = () => workload.cast.reduce((sum, { id, does: [kind] }) => (kind === 'honest' ? sum + progress(id).rounds : sum), 0);

  const calm = { rounds: honest(), atMs: nowMs() };
  await delay(CALM_MS + Math.random() * CHANCE_MS);
  await guarding.begin?.();
  const watcher = await watch(watcherProgram, pool);
  forgetSignals();
  const before = count();
  const [roundsBefore, gateMs] = [honest(), nowMs()];
  // Whoever waits to open it goes on, once there is a writer.
  const opened = openSync(gate, 'r+');
  await delay(workload.stormSeconds * 1000);

  const [roundsAfter, endMs] = [honest(), nowMs()];
  const signals = readSignals();
  const after = count();
  const guardBytes = readNumber(group, 'memory.current');
  const watched = await watcher.stop();
  const told = await guarding.end?.();
  const players = workload.cast.map(({ id }, index) => {
    const { beganMs, heldMib } = progress(id);
    return { id, pid: pids[index] ?? NaN, beganMs, heldMib };
  });
  await guarding.clear();
  closeSync(opened);
  const rate = (/** @type {number} */ rounds, /** @type {number} */ ms) => rounds / ms;
  return {
    gateMs, endMs, players, watched, signals, guardBytes, told,
    // Where all of a leaf is killed, oom_kill counts the first of it twice.
    oomKills: after.oomGroupKills - before.oomGroupKills || after.oomKills - before.oomKills,
    spent: {
      poolStallMs: after.poolStallMs - before.poolStallMs,
      guardStallMs: after.guardStallMs - before.guardStallMs,
      guardCpuMs: after.guardCpuMs - before.guardCpuMs,
    },
    honestShare: rate(roundsAfter - roundsBefore, endMs - gateMs) / rate(roundsBefore - calm.rounds, gateMs - calm.atMs),
  };
}

/**
 * One after the other, each ready before the next.
 * @param {import('./workloads.mjs').Workload} workload
 * @param {import('./guarding.mjs').Guarding} guarding
 * @param {string} gate
 */
async function startCast({ cast }, guarding, gate) {
  const pids = [];
  for (const { id, does, retriable, leadSeconds = 0 } of cast) {
    const command = ['/usr/bin/perl', PROGRAM, gate, join(PLACE, id), ...does.map(String)];
    pids.push(await guarding.spawn({ id, command, env: ENV, retriable }));
    const lateMs = nowMs() + 30_000;
    while (!existsSync(join(PLACE, id)) || progress(id).beganMs === 0) {
      if (nowMs() > lateMs) throw new Error(`worker ${id} does not begin`);
      await delay(10);
    }
    await delay(leadSeconds * 1000);
  }
  return pids;
}

/** @param {string} id */
function progress(id) {
  const [rounds = 0, heldMib = 0, began = 0] = readFileSync(join(PLACE, id), 'utf8').trim().split(/\s+/).map(Number);
  return { rounds, heldMib, beganMs: began * 1000 };
}

/**
 * Makes the file where it is missing, and has nothing of it in memory.
 * @param {typeof cacheFile} file
 */
function makeCold({ path, mib }) {
  if (!existsSync(path)) spawnSync('dd', ['if=/dev/zero', `of=${path}`, 'bs=1M', `count=${mib}`, 'conv=fdatasync'], { stdio: ['ignore', 'ignore', 'ignore'] });
  spawnSync('dd', [`of=${path}`, 'oflag=nocache', 'conv=notrunc,fdatasync', 'count=0'], { stdio: ['ignore', 'ignore', 'inherit'] });
}
