import { MIB, pool as limits } from './workloads.mjs';

/** The watcher looks every millisecond, and is held up at times. */
const LATE_MS = 20;

/**
 * @typedef {object} Kill
 * @property {string} id
 * @property {number} atMs since the gate
 * @property {boolean} byKernel
 * @property {boolean} right whether it may die in this storm
 * @property {boolean} needless whether nothing was short, or those who were dying already gave back enough
 * @property {number} lostSeconds how long it had worked
 *
 * @typedef {object} Figures of one round
 * @property {Kill[]} kills
 * @property {number} oomKills
 * @property {number} [shortageMs] since the gate
 * @property {number} [signalMs] from the shortage to the first signal
 * @property {number} [freedMs] from the shortage to its end
 * @property {number} lostSeconds
 * @property {number} honestShare
 * @property {number} poolStallMs
 * @property {number} guardStallMs
 * @property {number} guardCpuMs
 * @property {number} [nativeCpuMs] of that, the native thread's
 * @property {number} guardBytes
 * @property {Record<string, number>} [steps] of the first relief round of a supervisor: milliseconds since it heard of the shortage
 * @property {number[]} [gapsMs] between heartbeats
 */

/**
 * @param {import('./workloads.mjs').Workload} workload
 * @param {import('./round.mjs').Seen} seen
 * @returns {Figures}
 */
export function figuresOf({ right }, { gateMs, endMs, players, watched, signals, oomKills, spent, guardBytes, honestShare, told }) {
  /** @type {Kill[]} */
  const kills = [];
  let dyingBytes = 0;
  let episode = -1;
  for (const { pid, atMs, byKernel } of signals) {
    const player = players.find((each) => each.pid === pid);
    if (player === undefined || atMs < gateMs || atMs > endMs) continue;
    const during = shortageAt(watched, atMs);
    if (during !== episode) [episode, dyingBytes] = [during, 0];
    kills.push({
      id: player.id,
      atMs: atMs - gateMs,
      byKernel,
      right: right?.test(player.id) ?? false,
      needless: right === undefined || neededBytes(watched, atMs) <= dyingBytes,
      lostSeconds: (atMs - player.beganMs) / 1000,
    });
    dyingBytes += player.heldMib * MIB;
  }
  const [signal] = kills;
  const [timeline] = told?.timelines ?? [];
  return {
    kills,
    oomKills,
    ...timesOf(watched, gateMs, signal),
    lostSeconds: kills.reduce((sum, kill) => sum + kill.lostSeconds, 0),
    honestShare,
    ...spent,
    guardBytes,
    ...(timeline && { steps: Object.fromEntries([...timeline].reverse().map(({ step, atMs }) => [step, atMs])) }),
    ...(told && { nativeCpuMs: told.nativeCpuMs }),
    ...(told && told.gapsMs.length > 0 && { gapsMs: told.gapsMs }),
  };
}

/**
 * @param {import('./watcher.mjs').Watched} watched
 * @param {number} gateMs
 * @param {Kill | undefined} signal the first
 * @returns {Pick<Figures, 'shortageMs' | 'signalMs' | 'freedMs'>}
 */
function timesOf({ shortages: [first], samples }, gateMs, signal) {
  const signalledMs = signal === undefined ? Infinity : gateMs + signal.atMs;
  // Who acts on what is short before the mark is met, or sooner than the watcher looks, was there with it.
  if (signal !== undefined && !signal.needless && !(first && first.fromMs <= signalledMs)) {
    const freed = samples.find(({ atMs, pinnedBytes }) => atMs > signalledMs && pinnedBytes <= limits.clearBytes);
    return { shortageMs: signal.atMs, signalMs: 0, ...(freed && { freedMs: freed.atMs - signalledMs }) };
  }
  if (first === undefined) return {};
  return {
    shortageMs: first.fromMs - gateMs,
    ...(signal && { signalMs: Math.max(0, signalledMs - first.fromMs) }),
    ...(first.toMs !== Infinity && { freedMs: first.toMs - first.fromMs }),
  };
}

/**
 * Which shortage a signal at this time was an answer to; the watcher may have seen it a little later. -1: none.
 * @param {import('./watcher.mjs').Watched} watched
 * @param {number} atMs
 */
function shortageAt({ shortages }, atMs) {
  return shortages.findIndex(({ fromMs, toMs }) => atMs >= fromMs - LATE_MS && atMs <= toMs);
}

/**
 * How much memory had to be given back for no shortage to be left. Who acts where a shortage would end, a little
 * below the mark, is not blamed for it.
 * @param {import('./watcher.mjs').Watched} watched
 * @param {number} atMs
 */
function neededBytes(watched, atMs) {
  const during = watched.shortages[shortageAt(watched, atMs)];
  if (during !== undefined) return during.peakBytes - limits.clearBytes;
  const pinnedBytes = watched.samples.findLast((sample) => sample.atMs <= atMs)?.pinnedBytes ?? 0;
  return Math.max(0, pinnedBytes - limits.clearBytes);
}
