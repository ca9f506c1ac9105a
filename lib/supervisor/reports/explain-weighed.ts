import type { ReliefReport, Victim } from '../types';
import { counted, safeName, safeText, sizeOf } from './explain-words';

/** So many are shown, the victims first. */
const maxShown = 10;

export interface WeighedTable {
  /** Place in the order, worker, size, what became of it, why. */
  rows: [string, string, string, string, string][];
  /** What is not shown, or ''. */
  more: string;
}

interface Weighed {
  id: string;
  freeableBytes: number | undefined;
  place: number | undefined;
  fate: string;
  reason: string;
}

/** All that were weighed: the victims, then the others in the policy's order, then those that it protects, the largest first. */
export function weighedTable(report: ReliefReport): WeighedTable {
  const all = weighed(report).sort((a, b) => Number(isVictim(b)) - Number(isVictim(a)) || placeOf(a) - placeOf(b) || (b.freeableBytes ?? 0) - (a.freeableBytes ?? 0));
  const rest = all.slice(maxShown);
  const fates = new Map<string, number>();
  for (const { fate } of rest) fates.set(fate, (fates.get(fate) ?? 0) + 1);
  return {
    rows: all.slice(0, maxShown).map(({ id, freeableBytes, place, fate, reason }) => [place === undefined ? '-' : String(place), safeName(id), sizeOf(freeableBytes), fate, safeText(reason)]),
    more: rest.length === 0 ? '' : `and ${counted(rest.length, 'more worker')}: ${[...fates].map(([fate, count]) => `${count} ${fate}`).join(', ')}`,
  };
}

const spared = new Set(['kept', 'protected', 'too small']);
/** Not Infinity: the difference of two would be no number. */
const placeOf = ({ place = Number.MAX_SAFE_INTEGER }: Weighed): number => place;
const isVictim = ({ fate }: Weighed): boolean => !spared.has(fate);

function weighed(report: ReliefReport): Weighed[] {
  const { candidates, ranking, victims, decisions } = report;
  const places = new Map(ranking.map((entry, at) => [entry.id, { place: at + 1, reason: entry.reason }]));
  const victimOf = new Map(victims.map((each) => [each.id, each]));
  const minVictimBytes = decisions[0]?.minVictimBytes ?? 0;
  const last = victims.reduce((latest, { id }) => Math.max(latest, places.get(id)?.place ?? 0), 0);
  return candidates.map(({ id, freeableBytes }) => {
    const { place, reason = 'the policy leaves it out' } = places.get(id) ?? {};
    const victim = victimOf.get(id);
    // Of the size on which it was chosen.
    if (victim !== undefined) return { id, freeableBytes: victim.freeableBytes, place, fate: fateOf(report, victim), reason: victim.reason };
    if (place === undefined) return { id, freeableBytes, place, fate: 'protected', reason };
    // Passed over, though it stood before one that was chosen.
    const isSmall = (freeableBytes ?? 0) < minVictimBytes && place < last;
    return { id, freeableBytes, place, fate: isSmall ? 'too small' : 'kept', reason };
  });
}

function fateOf({ dryRun, outcome }: ReliefReport, { died, signal }: Victim): string {
  if (dryRun || outcome === 'dry-run') return 'would die';
  if (!died) return 'did not die';
  return signal === 'SIGTERM' ? 'ended' : 'killed';
}
