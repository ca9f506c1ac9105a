import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { checkKeys, invalidOption, parseBoolean, parseBytes, parseNumber, parseOneOf, parsePath, type Bytes } from '../options';
import type { ThresholdBasis } from './types';

export interface ThresholdMemoryMonitorOptions {
  /** Directory of a cgroup of the v2 hierarchy or of v1's memory controller. Default: the whole host. */
  cgroup?: string;
  /** The threshold as a share of the total, from 0 to 1. Default 0.95. At 0 it is always passed. */
  fraction?: number;
  /**
   * So much is to stay free: the threshold is the larger of `fraction` of the total and the total less
   * this. Default none. More than the total asks for nothing.
   */
  minFreeBytes?: Bytes;
  /** How far below the threshold `'clear'` comes, in bytes. Default 5 % of the threshold; at most half of it is taken. */
  killBufferBytes?: Bytes;
  /** What counts as used. Default `'pinned'` for a cgroup, `'host'` without one, where no other is possible. */
  basis?: ThresholdBasis;
  /**
   * Whether swap is memory, too: what is swapped counts as used, and what may be swapped as total.
   * Default false; with `'pinned'` what is swapped always counts as used, where swap is allowed.
   */
  includeSwap?: boolean;
  /**
   * The time between two samples, in milliseconds, on which the pace is built: samples are `intervalMs`
   * apart, or twice, four times... it, or a half, a quarter... of it, the longest of these that is no
   * longer than
   *
   *     (thresholdBytes - usedBytes) / growthBytesPerSecond
   *
   * but at least 10 ms, and at most a second (`intervalMs` itself where that is more). Default 250, from
   * 10 to 3,600,000.
   */
  intervalMs?: number;
  /**
   * The fastest growth that is reckoned with, in bytes a second. Default 2 GiB for each processor, at
   * least 4 GiB; from 1. One core takes 2.4 GiB of new pages in a second, and up to 10 GiB of huge ones.
   */
  growthBytesPerSecond?: Bytes;
  /** How often a breach is told again while it lasts, in milliseconds, from 10 to 3,600,000. Default: never. */
  repeatMs?: number;
  /** Whether a running monitor keeps the process alive. Default false. */
  keepAlive?: boolean;
}

/** As they were given, checked, with their defaults. */
export interface ThresholdSettings {
  /** Absolute; `undefined` for the host. */
  cgroup: string | undefined;
  /** `undefined`: the place decides. */
  basis: ThresholdBasis | undefined;
  fraction: number;
  minFreeBytes: number | undefined;
  killBufferBytes: number | undefined;
  includeSwap: boolean;
  intervalMs: number;
  growthBytesPerSecond: number;
  repeatMs: number | undefined;
  keepAlive: boolean;
}

const optionNames = [
  'cgroup', 'fraction', 'minFreeBytes', 'killBufferBytes', 'basis', 'includeSwap', 'intervalMs', 'growthBytesPerSecond', 'repeatMs', 'keepAlive',
] as const;
const bases: readonly ThresholdBasis[] = ['pinned', 'working-set', 'anon-shmem', 'current', 'host'];
const interval = { min: 10, max: 3_600_000 } as const;

/** @throws ERR_SPILLWAY_INVALID_OPTION */
export function parseThresholdOptions(options: ThresholdMemoryMonitorOptions): ThresholdSettings {
  checkKeys('ThresholdMemoryMonitor', options, optionNames);
  const { cgroup, fraction = 0.95, basis, includeSwap = false, intervalMs = 250, growthBytesPerSecond = fastestGrowth(), repeatMs, keepAlive = false } = options;
  if (basis !== undefined) parseOneOf('basis', basis, bases);
  if (cgroup === undefined && basis !== undefined && basis !== 'host') {
    throw invalidOption('basis', basis, "'host' without the option 'cgroup', as nothing else is known of the whole host");
  }
  return {
    cgroup: cgroup === undefined ? undefined : resolve(parsePath('cgroup', cgroup)),
    basis,
    fraction: parseNumber('fraction', fraction, { min: 0, max: 1, integer: false }),
    minFreeBytes: optionalBytes('minFreeBytes', options.minFreeBytes),
    killBufferBytes: optionalBytes('killBufferBytes', options.killBufferBytes),
    includeSwap: parseBoolean('includeSwap', includeSwap),
    intervalMs: parseNumber('intervalMs', intervalMs, interval),
    growthBytesPerSecond: parseBytes('growthBytesPerSecond', growthBytesPerSecond, { min: 1 }),
    repeatMs: repeatMs === undefined ? undefined : parseNumber('repeatMs', repeatMs, interval),
    keepAlive: parseBoolean('keepAlive', keepAlive),
  };
}

function fastestGrowth(): number {
  return Math.max(4, 2 * availableParallelism()) * 2 ** 30;
}

function optionalBytes(name: string, value: unknown): number | undefined {
  return value === undefined ? undefined : parseBytes(name, value);
}
