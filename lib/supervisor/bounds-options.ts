import { MemoryGrant } from '../accounting/memory-grant';
import { memoryModes, type MemoryMode } from '../accounting/verify-memory';
import { checkKeys, parseOneOf } from '../options';

/** Whether what workers declare by their `memory` must fit into the pool, all of it at the same time. */
export interface BoundsOptions {
  /**
   * - `'strict'`: a worker that no longer fits is refused before it has a process.
   * - `'permissive'`: it is started, with a warning.
   * - `'disabled'`: nothing is added up.
   *
   * Default `'disabled'`. What counts of a worker: `lowBytes` (or `minBytes`) is its minimum, the lower of `highBytes`
   * and `maxBytes` what it may grow to. A worker without `memory` counts nothing.
   */
  mode?: MemoryMode;
  /** The share of the pool's mark that is held back for what is not declared. Default 0; from 0 to less than 1. */
  slopFactor?: number;
}

export type BoundsSettings = Required<BoundsOptions>;

/** @throws ERR_SPILLWAY_INVALID_OPTION */
export function parseBoundsOptions(options: BoundsOptions = {}): BoundsSettings {
  checkKeys("a supervisor's bounds", options, ['mode', 'slopFactor']);
  const { mode = 'disabled', slopFactor = 0 } = options;
  // It checks the factor.
  MemoryGrant.withSlopFactor(0, slopFactor);
  return { mode: parseOneOf('bounds.mode', mode, memoryModes), slopFactor };
}
