import { checkKeys, parseNumber } from '../options';
import { SpillwayError } from '../errors';

/** How much intake is slowed as memory runs short. Defaults as in Saluki. */
export interface DelayOptions {
  /** From this fraction of the limit on there is a delay. Default 0.95; from 0 to 1. */
  slowAtFraction?: number;
  /** The delay just above it, in milliseconds. Default 1; from 0 to 60,000. */
  minDelayMs?: number;
  /** The delay at the limit and above, in milliseconds. Default 25; from `minDelayMs` to 60,000. */
  maxDelayMs?: number;
}

export type DelayCurve = Required<DelayOptions>;

/** @throws ERR_SPILLWAY_INVALID_OPTION */
export function parseDelayCurve(options: DelayOptions): DelayCurve {
  checkKeys('the delay', options, ['slowAtFraction', 'minDelayMs', 'maxDelayMs']);
  const { slowAtFraction = 0.95, minDelayMs = 1, maxDelayMs = 25 } = options;
  const range = { min: 0, max: 60_000, integer: false };
  const curve = {
    slowAtFraction: parseNumber('slowAtFraction', slowAtFraction, { min: 0, max: 1, integer: false }),
    minDelayMs: parseNumber('minDelayMs', minDelayMs, range),
    maxDelayMs: parseNumber('maxDelayMs', maxDelayMs, range),
  };
  if (minDelayMs > maxDelayMs) {
    throw new SpillwayError('ERR_SPILLWAY_INVALID_OPTION', `Expected minDelayMs (${minDelayMs}) to be at most maxDelayMs (${maxDelayMs})`);
  }
  return curve;
}

/**
 * The delay at a usage, in milliseconds with a fraction: 0 up to `slowAtFraction` of the limit, and from there to the
 * limit on a straight line from `minDelayMs` to `maxDelayMs`. It never falls as usage grows.
 *
 * @param usedBytes from 0
 * @param limitBytes from 0; of 0, whatever is used is above it; `Infinity`: there is none
 */
export function limiterDelayMs(usedBytes: number, limitBytes: number, { slowAtFraction, minDelayMs, maxDelayMs }: DelayCurve): number {
  const slowAtBytes = slowAtFraction * limitBytes;
  if (usedBytes <= slowAtBytes || limitBytes === Infinity) return 0;
  // Also where both are the same and there is no line to divide by.
  if (usedBytes >= limitBytes) return maxDelayMs;
  const way = (usedBytes - slowAtBytes) / (limitBytes - slowAtBytes);
  return Math.min(maxDelayMs, minDelayMs + (maxDelayMs - minDelayMs) * way);
}
