import { resolve } from 'node:path';
import { type Bytes, checkKeys, invalidOption, parseBoolean, parseBytes, parseNumber, parsePath } from '../options';
import { type DelayCurve, type DelayOptions, parseDelayCurve } from './limiter-delay';

export interface MemoryLimiterOptions extends DelayOptions {
  /**
   * What the memory is held against: from 0 to 2^53 - 1 or a string such as `'512MiB'`. At 0 whatever is used is above it.
   * Default with `cgroup`: its own mark, the lower of memory.high and memory.max, read anew with each sample.
   */
  limitBytes?: Bytes;
  /**
   * The longest time between two samples, in milliseconds. Default 250; from 10 to 3,600,000. Nearer to where it gets
   * slow, and to the limit, the native thread samples more often: so that the way there would take longer at 4 GiB a
   * second, but at most every 10 ms.
   */
  intervalMs?: number;
  /** Directory of a cgroup of the v2 hierarchy or of v1's memory controller. Default: this process alone. */
  cgroup?: string;
  /**
   * Returns the bytes in use, in the place of the native thread: then nothing native is loaded. Called on a timer of
   * JavaScript's, every `intervalMs`, and by `waitForCapacity()` when a busy event loop has kept that from running.
   */
  read?: () => number;
  /** Whether a limiter that was not stopped keeps the process alive. Default false. Who waits does so in any case. */
  keepAlive?: boolean;
}

/** Checked, with their defaults. */
export interface LimiterSettings {
  /** `undefined`: the mark of the cgroup. */
  limitBytes: number | undefined;
  curve: DelayCurve;
  intervalMs: number;
  /** Absolute. */
  cgroup: string | undefined;
  read: (() => number) | undefined;
  keepAlive: boolean;
}

const optionNames = ['limitBytes', 'slowAtFraction', 'minDelayMs', 'maxDelayMs', 'intervalMs', 'cgroup', 'read', 'keepAlive'] as const;

/** @throws ERR_SPILLWAY_INVALID_OPTION */
export function parseLimiterOptions(options: MemoryLimiterOptions): LimiterSettings {
  checkKeys('MemoryLimiter', options, optionNames);
  const { slowAtFraction, minDelayMs, maxDelayMs, intervalMs = 250, cgroup, read, keepAlive = false } = options;
  const curve = parseDelayCurve({
    ...(slowAtFraction !== undefined && { slowAtFraction }), ...(minDelayMs !== undefined && { minDelayMs }), ...(maxDelayMs !== undefined && { maxDelayMs }),
  });
  const limitBytes = options.limitBytes === undefined && cgroup !== undefined ? undefined : parseBytes('limitBytes', options.limitBytes);
  if (read !== undefined && typeof read !== 'function') throw invalidOption('read', read, 'a function that returns a number of bytes');
  if (read !== undefined && cgroup !== undefined) throw invalidOption('cgroup', cgroup, "left out where 'read' is given, which tells the bytes itself");
  return {
    limitBytes,
    curve,
    intervalMs: parseNumber('intervalMs', intervalMs, { min: 10, max: 3_600_000 }),
    cgroup: cgroup === undefined ? undefined : resolve(parsePath('cgroup', cgroup)),
    read,
    keepAlive: parseBoolean('keepAlive', keepAlive),
  };
}
