import { join } from 'node:path';
import { memoryPlace, type MemoryPlace } from '../cgroup/memory-place';
import type { HostFacts } from '../cgroup/preflight/host-facts';
import { SpillwayError } from '../errors';
import { formatBytes } from '../format-bytes';
import type { CreateMonitorsOptions } from './create-monitors';
import type { EventMemoryMonitorOptions } from './event-memory-monitor';
import type { PressureMemoryMonitorOptions } from './pressure-memory-monitor';
import { systemdPressure, type SystemdPressure } from './systemd-pressure';
import type { ThresholdMemoryMonitorOptions } from './threshold-memory-monitor';

/** Whether a monitor is made, with which options, and why. */
export interface Choice<Options> {
  /** `undefined`: it is not made. */
  options?: Options;
  /** A sentence for people. */
  reason: string;
}

export interface MonitorChoices {
  event: Choice<EventMemoryMonitorOptions>;
  threshold: Choice<ThresholdMemoryMonitorOptions>;
  pressure: Choice<PressureMemoryMonitorOptions>;
}

type Facts = Pick<HostFacts, 'support'> & Parameters<typeof memoryPlace>[1] & object;

/** Chooses by what the host has, and opens nothing. @throws what `memoryPlace()` throws of a cgroup that was given */
export function decideMonitors(options: CreateMonitorsOptions, facts: Facts): MonitorChoices {
  const support = facts.support();
  if (!support.ok) {
    const reason = `Spillway cannot work here: ${support.reason}; ${support.fix}`;
    return { event: { reason }, threshold: { reason }, pressure: { reason } };
  }
  const place = memoryPlace(options.cgroup, facts);
  const level = lowestLevel(place, facts);
  return { event: chooseEvent(options, place, level), threshold: chooseThreshold(options, place, level), pressure: choosePressure(options, place, facts) };
}

/** A cgroup that has a limit of its own. */
interface Level {
  directory: string;
  highBytes: number;
  maxBytes: number;
}

const mark = ({ highBytes, maxBytes }: Level): number => Math.min(highBytes, maxBytes);

/** Of the cgroup and those above it, the one whose limit is met first. One above the machine's memory is never met. */
function lowestLevel(place: MemoryPlace, facts: Facts): Level | undefined {
  if (place.kind === 'host') return undefined;
  const limit = (directory: string, file: string): number => {
    const text = facts.read(join(directory, file))?.trim() ?? '';
    const bytes = /^\d+$/.test(text) ? Number(text) : Infinity;
    return bytes < totalBytes(facts) ? bytes : Infinity;
  };
  const levels = [place.directory, ...place.ancestors].map((directory) =>
    place.kind === 'v2'
      ? { directory, highBytes: limit(directory, 'memory.high'), maxBytes: limit(directory, 'memory.max') }
      : { directory, highBytes: Infinity, maxBytes: limit(directory, 'memory.limit_in_bytes') },
  );
  const lowest = Math.min(...levels.map(mark));
  return lowest === Infinity ? undefined : levels.find((each) => mark(each) === lowest);
}

function totalBytes(facts: Facts): number {
  return Number(/^MemTotal: +(\d+) kB$/m.exec(facts.read('/proc/meminfo') ?? '')?.[1] ?? Infinity) * 1024;
}

function chooseEvent({ event, safetyReadMs, killBufferBytes, keepAlive }: CreateMonitorsOptions, place: MemoryPlace, level: Level | undefined): MonitorChoices['event'] {
  if (event === false) return { reason: "it is switched off by the option 'event'" };
  if (place.kind === 'host') return { reason: 'no cgroup counts this memory alone, and the host raises no events' };
  if (place.kind === 'v1') return { reason: `${place.directory} belongs to cgroup v1, which has no memory.events` };
  const options = {
    cgroup: (level ?? place).directory,
    // That a cgroup below meets a limit of its own is not this one's shortage.
    scope: 'local' as const,
    ...(safetyReadMs !== undefined && { safetyReadMs }),
    ...(killBufferBytes !== undefined && { killBufferBytes }),
    ...(keepAlive !== undefined && { keepAlive }),
  };
  if (event !== undefined) return { options: { ...options, cgroup: place.directory, ...event }, reason: "it is asked for by the option 'event'" };
  if (level === undefined) return { reason: noLimit(place) };
  const { directory, highBytes, maxBytes } = level;
  return highBytes < maxBytes
    ? { options: { ...options, keys: ['high'] }, reason: `the kernel tells when memory.high of ${directory} (${formatBytes(highBytes)}) is met` }
    : { options: { ...options, keys: ['max'] }, reason: `the kernel tells when memory.max of ${directory} (${formatBytes(maxBytes)}) is met; there is no memory.high below it` };
}

function chooseThreshold(options: CreateMonitorsOptions, place: MemoryPlace, level: Level | undefined): MonitorChoices['threshold'] {
  const { cgroup, threshold, killBufferBytes, keepAlive } = options;
  if (threshold === false) return { reason: "it is switched off by the option 'threshold'" };
  // One that was named is watched also while nothing limits it. It looks at the limits above by itself.
  const isOfCgroup = place.kind !== 'host' && (level ?? cgroup) !== undefined && threshold?.basis !== 'host';
  const chosen = {
    ...(isOfCgroup && { cgroup: place.directory }),
    ...(killBufferBytes !== undefined && { killBufferBytes }),
    ...(keepAlive !== undefined && { keepAlive }),
    ...threshold,
  };
  return { options: chosen, reason: thresholdReason(place, level) };
}

function thresholdReason(place: MemoryPlace, level: Level | undefined): string {
  if (level === undefined) return place.kind === 'host' ? 'no cgroup counts this memory alone, so that of the host is measured' : `it is measured all the same: ${noLimit(place)}`;
  const { directory, highBytes, maxBytes } = level;
  if (place.kind === 'v1') return `cgroup v1 tells of nothing, so ${directory} is measured against its limit (${formatBytes(maxBytes)})`;
  return highBytes < maxBytes ? `it measures ${directory} in case that events fail` : `it stands before memory.max of ${directory} (${formatBytes(maxBytes)}), where events come late`;
}

function noLimit({ directory }: Exclude<MemoryPlace, { kind: 'host' }>): string {
  return `neither ${directory} nor a cgroup above it that can be seen has a limit below the machine's memory`;
}

function choosePressure(options: CreateMonitorsOptions, place: MemoryPlace, facts: Facts): MonitorChoices['pressure'] {
  const { cgroup, pressure, safetyReadMs, keepAlive } = options;
  if (pressure === false) return { reason: "it is switched off by the option 'pressure'" };
  const asked = askedBySystemd(cgroup, facts);
  if (asked instanceof SpillwayError) return { reason: asked.message };
  if (asked === 'off') return { reason: 'systemd has switched it off (MEMORY_PRESSURE_WATCH=/dev/null)' };
  if (asked === undefined && pressure === undefined) return { reason: "nobody asks for it: neither the option 'pressure' nor systemd (MEMORY_PRESSURE_WATCH)" };
  const merged = {
    ...(asked === undefined && place.kind === 'v2' && { cgroup: place.directory }),
    ...(safetyReadMs !== undefined && { safetyReadMs }),
    ...(keepAlive !== undefined && { keepAlive }),
    ...asked,
    ...(typeof pressure === 'object' && pressure),
  };
  // With PSI off by default the files are missing; with it off for good, reading fails with EOPNOTSUPP.
  const file = merged.cgroup === undefined ? '/proc/pressure/memory' : join(merged.cgroup, 'memory.pressure');
  if (facts.read(file) === undefined) return { reason: `${file} cannot be read: the kernel measures no pressure there; boot with 'psi=1'` };
  return { options: merged, reason: pressure === undefined ? 'systemd asks for it (MEMORY_PRESSURE_WATCH)' : "it is asked for by the option 'pressure'" };
}

/** It asks for the service's own cgroup only. A variable that cannot be understood is no reason to watch nothing at all. */
function askedBySystemd(cgroup: string | undefined, facts: Facts): SystemdPressure | SpillwayError | undefined {
  if (cgroup !== undefined) return undefined;
  try {
    return systemdPressure({ MEMORY_PRESSURE_WATCH: facts.env('MEMORY_PRESSURE_WATCH'), MEMORY_PRESSURE_WRITE: facts.env('MEMORY_PRESSURE_WRITE') });
  } catch (error) {
    return error as SpillwayError;
  }
}
