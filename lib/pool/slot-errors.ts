import { SpillwayError } from '../errors';
import { quote } from '../options';

export function unknownSlot(slot: unknown, capacity: number): SpillwayError {
  return new SpillwayError('ERR_SPILLWAY_UNKNOWN_SLOT', `Expected a slot of this allocator, a whole number from 0 to ${capacity - 1}, got ${quote(slot)}`);
}

export function slotNotInUse(slot: number): SpillwayError {
  return new SpillwayError('ERR_SPILLWAY_SLOT_NOT_IN_USE', `Slot ${slot} is not in use: it was freed before, or never taken; a slot is freed once`);
}

export function slotStarting(slot: number): SpillwayError {
  return new SpillwayError('ERR_SPILLWAY_SLOT_STARTING', `Slot ${slot} is still starting; call started() or startFailed() with it first`);
}

export function slotStarted(slot: number): SpillwayError {
  return new SpillwayError('ERR_SPILLWAY_SLOT_STARTED', `Slot ${slot} is in use already: it does not start any more; give it back with free()`);
}

/** Beyond it sums of bytes are no longer exact, and would never come back to 0. */
export function tooManyBytes(residentBytes: number): SpillwayError {
  return new SpillwayError('ERR_SPILLWAY_INVALID_OPTION', `Expected the resident bytes of all unused slots to stay below 2^53, got ${residentBytes} more`);
}
