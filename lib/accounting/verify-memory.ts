import { type Bytes, checkKeys, parseBytes, parseOneOf } from '../options';
import { type BoundsError, isBoundsError } from './bounds-error';
import { BoundsVerifier, type VerifiedBounds } from './bounds-verifier';
import type { Component } from './component-registry';
import { findMemoryLimit, type MemoryLimit } from './memory-limit';
import { MemoryGrant } from './memory-grant';

export const memoryModes = ['disabled', 'permissive', 'strict'] as const;

/**
 * What a program does about its bounds when it starts.
 *
 * - `'disabled'`: nothing. The limit and the slop factor must be valid all the same.
 * - `'permissive'`: verifies them, and goes on with a warning when they do not fit.
 * - `'strict'`: verifies them, and does not start when they do not fit.
 */
export type MemoryMode = (typeof memoryModes)[number];

export interface VerifyMemoryOptions {
  /** No default: not to look is a decision. */
  mode: MemoryMode;
  /** Default: what `findMemoryLimit()` finds. From 0 to 2^53 - 1 or a string such as `'512MiB'`; 0 is a limit, not "none". */
  limitBytes?: Bytes;
  /** The share of the limit held back for what is not declared. Default 0.25; from 0 to less than 1. */
  slopFactor?: number;
}

export interface MemoryVerification {
  mode: MemoryMode;
  /** `source` is `'option'` for a given one. */
  limit: MemoryLimit;
  grant: MemoryGrant;
  /** `undefined` when it was not verified, or does not fit. For people: `formatBounds(verified)`. */
  verified: VerifiedBounds | undefined;
  /** Why it does not fit; then the mode is `'permissive'`. */
  error: BoundsError | undefined;
}

/**
 * To be called once all components are declared, before the program takes work. In permissive mode what does not fit
 * is told by `process.emitWarning` (a `SpillwayWarning` with the code `SPILLWAY_BOUNDS_EXCEEDED`).
 *
 * @throws ERR_SPILLWAY_INVALID_OPTION in any mode
 * @throws {BoundsError} in strict mode, what {@link BoundsVerifier.verify} throws
 */
export function verifyMemory(registry: Component, options: VerifyMemoryOptions): MemoryVerification {
  checkKeys('verifyMemory()', options, ['mode', 'limitBytes', 'slopFactor']);
  const mode = parseOneOf('mode', options.mode, memoryModes);
  const { limitBytes, slopFactor = 0.25 } = options;
  const limit = limitBytes === undefined ? findMemoryLimit() : { bytes: parseBytes('limitBytes', limitBytes), source: 'option' };
  const grant = MemoryGrant.withSlopFactor(limit.bytes, slopFactor);
  const unverified = { mode, limit, grant, verified: undefined, error: undefined };
  const verifier = new BoundsVerifier(grant, registry, sourceWords(limit));
  if (mode === 'disabled') return unverified;
  try {
    return { ...unverified, verified: verifier.verify() };
  } catch (error) {
    if (mode === 'strict' || !isBoundsError(error)) throw error;
    process.emitWarning(`${error.message}\nIt goes on all the same (mode 'permissive').`, { type: 'SpillwayWarning', code: 'SPILLWAY_BOUNDS_EXCEEDED' });
    return { ...unverified, error };
  }
}

function sourceWords({ source }: MemoryLimit): string {
  if (source === 'host') return "the host's memory";
  return source === 'option' ? 'limitBytes' : source;
}
