import { createRequire } from 'node:module';

/** @type {typeof import('../bench/spread.cjs')} */
const { spread } = createRequire(import.meta.url)('../bench/spread.cjs');

/**
 * @typedef {import('./figures.mjs').Figures} Figures
 * @typedef {{ kernel: string, node: string, cpus: number, memoryMib: number, lab: boolean }} Host
 * @typedef {Omit<import('./workloads.mjs').Workload, 'right'> & { right?: string }} Told workload
 * @typedef {{ name: string, title: string, rounds: Figures[], timeline: ReturnType<import('./timeline.mjs').timelineOf> }} RawGuard
 * @typedef {{ host: Host, workload: Told, guards: RawGuard[] }} Raw what the guest writes
 *
 * @typedef {ReturnType<typeof summariseGuard>} GuardRow
 * @typedef {{ host: Host, workload: { name: string, title: string, why: string, growing: boolean }, guards: GuardRow[] }} Storm
 * @typedef {{ storms: Storm[] }} Storms
 */

/**
 * @param {Raw} raw
 * @returns {Storm}
 */
export function summarise({ host, workload: { name, title, why, growing }, guards }) {
  return { host, workload: { name, title, why, growing }, guards: guards.map(summariseGuard) };
}

/** @param {RawGuard} guard */
function summariseGuard({ name, title, rounds, timeline }) {
  const kills = rounds.flatMap((round) => round.kills);
  const all = (/** @type {(round: Figures) => number | undefined} */ figure) => rounds.map(figure).flatMap((value) => value ?? []);
  const steps = [...new Set(rounds.flatMap((round) => Object.keys(round.steps ?? {})))];
  const gaps = rounds.flatMap((round) => round.gapsMs ?? []);
  return {
    name,
    title,
    rounds: rounds.length,
    oomKills: rounds.reduce((sum, round) => sum + round.oomKills, 0),
    kills: kills.length,
    wrongVictims: kills.filter((kill) => !kill.right).length,
    needlessKills: kills.filter((kill) => kill.needless).length,
    signalsMs: all((round) => round.signalMs).map((ms) => Math.round(ms * 100) / 100),
    signalMs: spread(all((round) => round.signalMs)),
    freedMs: spread(all((round) => round.freedMs)),
    lostSeconds: spread(all((round) => round.lostSeconds)),
    honestShare: spread(all((round) => round.honestShare)),
    poolStallMs: spread(all((round) => round.poolStallMs)),
    guardStallMs: spread(all((round) => round.guardStallMs)),
    guardCpuMs: spread(all((round) => round.guardCpuMs)),
    nativeCpuMs: spread(all((round) => round.nativeCpuMs)),
    guardMib: spread(all((round) => round.guardBytes / 2 ** 20)),
    steps: Object.fromEntries(steps.map((step) => [step, spread(all((round) => round.steps?.[step]))])),
    ...(gaps.length > 0 && { gapMs: spread(gaps) }),
    timeline,
  };
}
