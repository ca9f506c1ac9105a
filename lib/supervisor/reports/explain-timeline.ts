import { formatBytes } from '../../format-bytes';
import type { ReliefReport, TimelineEntry } from '../types';
import { safeName, safeText } from './explain-words';
import { stepMeanings } from './timeline-steps';

/** Of a longer time line the beginning and the end are shown. */
const maxFirst = 20;
const maxLast = 10;

/** What happened when, in milliseconds: [time, words]. */
export function timelineRows(report: ReliefReport): [string, string][] {
  const { timeline } = report;
  const rows = (entries: readonly TimelineEntry[]): [string, string][] => entries.map((entry) => [`${entry.atMs.toFixed(1)} ms`, wordsOf(entry, report)]);
  if (timeline.length <= maxFirst + maxLast) return rows(timeline);
  const left = timeline.length - maxFirst - maxLast;
  return [...rows(timeline.slice(0, maxFirst)), ['...', `(${left} more)`], ...rows(timeline.slice(-maxLast))];
}

function wordsOf({ step, id, bytes }: TimelineEntry, { breach, victims }: ReliefReport): string {
  const words = stepMeanings[step];
  if (step === 'noticed') return `${words}: ${safeText(breach.reason)}`;
  if (step === 'freed' && bytes !== undefined) return `${formatBytes(bytes)} ${words}`;
  const who = id === undefined ? '' : `${safeName(id)} `;
  if (step === 'signalled') return `${who}was sent ${victims.find((victim) => victim.id === id)?.signal ?? 'its signal'}`;
  return `${who}${words}${bytes === undefined ? '' : `: ${formatBytes(bytes)}`}`;
}
