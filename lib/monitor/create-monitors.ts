import { hostFacts } from '../cgroup/preflight/host-facts';
import { checkKeys, invalidOption, parseBoolean, parseBytes, parseNumber, parsePath, type Bytes } from '../options';
import { decideMonitors } from './decide-monitors';
import { EventMemoryMonitor, type EventMemoryMonitorOptions } from './event-memory-monitor';
import { PressureMemoryMonitor, type PressureMemoryMonitorOptions } from './pressure-memory-monitor';
import { ThresholdMemoryMonitor, type ThresholdMemoryMonitorOptions } from './threshold-memory-monitor';
import type { MemoryMonitor } from './types';

export interface CreateMonitorsOptions {
  /** Directory of the cgroup to watch. Default: where this process's own memory is counted, on v2, v1 or the host. */
  cgroup?: string;
  /**
   * Default: made on cgroup v2 for the lowest limit of the cgroup and those above it, with `keys: ['high']`, or
   * `['max']` where no `memory.high` is below `memory.max`. With options it is made for the cgroup itself,
   * whatever its limits are. `false`: not made.
   */
  event?: Partial<EventMemoryMonitorOptions> | false;
  /** Default: made for the cgroup and those above it; without any limit for the host. `false`: not made. */
  threshold?: ThresholdMemoryMonitorOptions | false;
  /**
   * `true`, or options: made where the kernel measures pressure. Default: made where systemd asks for it
   * (`MemoryPressureWatch=`), with the trigger that it wants. Where systemd has switched it off, it is
   * not made in any case.
   */
  pressure?: PressureMemoryMonitorOptions | boolean;
  /** Of the event and the pressure monitor; see there. */
  safetyReadMs?: number;
  /** Of the event and the threshold monitor; see there. */
  killBufferBytes?: Bytes;
  /** Of all of them; see there. */
  keepAlive?: boolean;
}

export interface MonitorDecision {
  name: 'event' | 'threshold' | 'pressure';
  made: boolean;
  /** A sentence for people. */
  reason: string;
}

export interface CreatedMonitors {
  /** Not started yet, in the order of the decisions. */
  monitors: MemoryMonitor[];
  decisions: MonitorDecision[];
}

const optionNames = ['cgroup', 'event', 'threshold', 'pressure', 'safetyReadMs', 'killBufferBytes', 'keepAlive'] as const;

/**
 * Makes the monitors that this host has use for, and says why these: an event and a threshold monitor on cgroup
 * v2, a threshold monitor alone on v1 and on the host, a pressure monitor on request, and none on
 * other systems. Opens nothing. Limits are looked at once; the threshold monitor follows them.
 *
 * @throws ERR_SPILLWAY_INVALID_OPTION, and of a `cgroup` that was given ERR_SPILLWAY_CGROUP_NOT_FOUND,
 * ERR_SPILLWAY_NOT_CGROUP2, ERR_SPILLWAY_CONTROLLER_DISABLED and ERR_SPILLWAY_PERMISSION
 */
export function createMonitors(options: CreateMonitorsOptions = {}): CreatedMonitors {
  const { event, threshold, pressure } = decideMonitors(parse(options), hostFacts);
  return {
    monitors: [
      ...(event.options ? [new EventMemoryMonitor(event.options)] : []),
      ...(threshold.options ? [new ThresholdMemoryMonitor(threshold.options)] : []),
      // Its removal has other figures; nothing else is different.
      ...(pressure.options ? [new PressureMemoryMonitor(pressure.options) as MemoryMonitor] : []),
    ],
    decisions: Object.entries({ event, threshold, pressure }).map(([name, choice]) => ({
      name: name as MonitorDecision['name'], made: choice.options !== undefined, reason: choice.reason,
    })),
  };
}

/** Also of what is not made in the end: a mistake is one on every host. */
function parse(options: CreateMonitorsOptions): CreateMonitorsOptions {
  checkKeys('createMonitors', options, optionNames);
  const { cgroup, event, threshold, pressure, safetyReadMs, killBufferBytes, keepAlive } = options;
  if (cgroup !== undefined) parsePath('cgroup', cgroup);
  if (safetyReadMs !== undefined) parseNumber('safetyReadMs', safetyReadMs, { min: 10, max: 3_600_000 });
  if (killBufferBytes !== undefined) parseBytes('killBufferBytes', killBufferBytes);
  if (keepAlive !== undefined) parseBoolean('keepAlive', keepAlive);
  const own: Record<string, unknown> = { event, threshold, pressure };
  for (const [name, value] of Object.entries(own)) {
    const isSwitch = value === undefined || value === false || (value === true && name === 'pressure');
    if (!isSwitch && (typeof value !== 'object' || value === null || Array.isArray(value))) throw invalidOption(name, value, `${name === 'pressure' ? 'true, ' : ''}false or an object`);
  }
  return options;
}
