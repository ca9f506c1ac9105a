import type { ReliefReport } from '../types';

/** How long the round took, from the moment the shortage was noticed. */
export function totalMs({ timeline }: ReliefReport): number {
  return timeline.reduce((latest, { atMs }) => Math.max(latest, atMs), 0);
}

/**
 * How long it took until the shortage was over: to the last measurement after a death, or where nobody died, to the
 * end. The round may end later, when JavaScript comes late. `undefined` when it was not relieved.
 */
export function reliefMs(report: ReliefReport): number | undefined {
  if (report.outcome !== 'relieved') return undefined;
  const deaths = report.timeline.filter(({ step }) => step === 'freed' || step === 'exited');
  return deaths.length === 0 ? totalMs(report) : deaths.reduce((latest, { atMs }) => Math.max(latest, atMs), 0);
}

/**
 * How long JavaScript gave no sign at least, until the native thread decided in its place; `undefined` when it did not.
 * From the last step that only JavaScript takes to the first decision of the native thread, or, where JavaScript came
 * late, until it came.
 */
export function blockedMs({ decisions, victims, timeline }: ReliefReport): number | undefined {
  const native = decisions.find(({ by }) => by === 'native');
  if (native === undefined && !victims.some(({ by }) => by === 'native')) return undefined;
  const leasedMs = timeline.find(({ step }) => step === 'leased')?.atMs;
  const actedMs = native?.atMs ?? timeline.find(({ step }) => step === 'signalled')?.atMs ?? 0;
  // It came after the native thread had acted: until then it was blocked.
  if (leasedMs === undefined || leasedMs >= actedMs) return leasedMs ?? actedMs;
  const signs = [
    ...timeline.filter(({ step }) => step === 'leased' || step === 'reclaimed' || step === 'warned'),
    ...decisions.filter(({ by }) => by === 'javascript'),
  ].map(({ atMs }) => atMs);
  return actedMs - signs.filter((atMs) => atMs <= actedMs).reduce((latest, atMs) => Math.max(latest, atMs), leasedMs);
}

/** Whether the kernel slows those down who allocate above the mark: it does at `memory.high`, not where processes are measured. */
export function throttles({ breach, before: { limits } }: ReliefReport): boolean {
  const { highBytes = Infinity, maxBytes = Infinity } = limits;
  const isOfProcesses = breach.source === 'threshold' && breach.basis !== 'pinned';
  return !isOfProcesses && highBytes !== Infinity && highBytes <= maxBytes;
}
