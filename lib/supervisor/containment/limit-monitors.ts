import { createMonitors } from '../../monitor/create-monitors';
import { MonitorSet } from '../../monitor/monitor-set';
import type { SupervisorSettings } from '../supervisor-options';
import type { Gauge, LimitLevel } from './types';

/** What a shortage that begins at the mark less half of a kill buffer of 5 % is, as a share of the mark. */
const defaultFraction = 0.975;
/** How often the threshold monitor looks, at least. */
const intervalMs = 250;

/** The monitors of a cgroup's own limit: its events, and while these fail its memory; of the pool also its pressure. */
export function limitMonitors(
  level: LimitLevel,
  cgroup: string,
  gauge: Gauge,
  settings: Pick<SupervisorSettings, 'safetyReadMs' | 'killBufferBytes' | 'monitors'>,
): MonitorSet {
  const { safetyReadMs, monitors } = settings;
  // The option is the pool's; five per cent of their own marks for the others.
  const killBufferBytes = level === 'pool' ? settings.killBufferBytes : undefined;
  const pressure = level === 'pool' ? monitors.pressure : undefined;
  return new MonitorSet({
    cgroup,
    wantsPressure: pressure !== undefined,
    retryMs: safetyReadMs,
    make: () =>
      createMonitors({
        cgroup,
        safetyReadMs,
        event: {
          // This limit only: one below, over its own, is not its matter.
          scope: 'local',
          keys: ['high', 'max', 'oom'],
          ...(killBufferBytes !== undefined && { killBufferBytes }),
        },
        threshold: {
          basis: 'pinned',
          fraction: fractionOf(killBufferBytes, gauge),
          intervalMs: Math.min(intervalMs, safetyReadMs),
          // As the event monitor does, for a round may end before the shortage.
          repeatMs: safetyReadMs,
        },
        pressure: pressure ?? false,
      }),
  });
}

/** Where a shortage begins, by the same rule as in the native core. */
function fractionOf(killBufferBytes: number | undefined, gauge: Gauge): number {
  if (killBufferBytes === undefined) return defaultFraction;
  const markBytes = gauge.measure(false)?.markBytes ?? Infinity;
  return markBytes === Infinity ? defaultFraction : Math.max(1 - killBufferBytes / 2 / markBytes, 0);
}
