import { formatBytes } from '../format-bytes';
import type { NativePressureReport } from '../native';
import { formatDuration } from '../policy/format-duration';

type Told = Pick<NativePressureReport, 'totals' | 'growth' | 'shortness' | 'usage'>;

export interface Trigger {
  stall: 'some' | 'full';
  stallMs: number;
  windowMs: number;
}

/** Says for people what a report of the pressure monitor means. */
export function pressureReason(name: string, trigger: Trigger, report: Told): string {
  const { stall, stallMs, windowMs } = trigger;
  const grown = stall === 'some' ? report.growth.someMs : report.growth.fullMs;
  const who = stall === 'some' ? 'some tasks' : 'all tasks';
  return (
    `${name}: ${who} waited ${stallMs} ms or more of ${windowMs} ms for memory, ` +
    `${formatDuration(grown)} since the breach before or the start${standing(report)}`
  );
}

function standing({ shortness, usage }: Told): string {
  if (!shortness.known) return '';
  if (shortness.short) return `; it is short: ${formatBytes(shortness.pinnedBytes ?? 0)} of ${formatBytes(shortness.markBytes)} cannot be reclaimed`;
  return `; not short: it uses ${formatBytes(usage.currentBytes ?? 0)}${shortness.markBytes === Infinity ? ' without a limit' : ` of ${formatBytes(shortness.markBytes)}`}`;
}
