import { PressureMemoryMonitor, type PressureMemoryMonitorOptions } from '../monitor/pressure-memory-monitor';
import { checkKeys, invalidOption } from '../options';

/** What of the monitors of a supervisor can be chosen. Its limits are watched in any case. */
export interface MonitorsOptions {
  /**
   * Whether stalls of the pool are heard as well, and by which trigger; see `PressureMemoryMonitorOptions`.
   * They are told as `'breach'`. Alone they kill nobody: a round begins when the pool is short, too. Only at
   * guarantee `'kernel'`. Default false.
   */
  pressure?: boolean | Pick<PressureMemoryMonitorOptions, 'stall' | 'stallMs' | 'windowMs'>;
}

export interface MonitorsSettings {
  /** `undefined`: not wanted. */
  pressure: Pick<PressureMemoryMonitorOptions, 'stall' | 'stallMs' | 'windowMs'> | undefined;
}

/** @throws ERR_SPILLWAY_INVALID_OPTION */
export function parseMonitorsOptions(options: MonitorsOptions = {}): MonitorsSettings {
  checkKeys("a supervisor's monitors", options, ['pressure']);
  const { pressure = false } = options;
  if (typeof pressure === 'boolean') return { pressure: pressure ? {} : undefined };
  if (typeof pressure !== 'object') throw invalidOption('monitors.pressure', pressure, 'true, false or an object');
  checkKeys("a supervisor's monitors.pressure", pressure, ['stall', 'stallMs', 'windowMs']);
  // It checks them, and opens nothing.
  new PressureMemoryMonitor(pressure);
  return { pressure: { ...pressure } };
}
