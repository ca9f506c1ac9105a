import { slotNotInUse, slotStarted, slotStarting, unknownSlot } from './slot-errors';

export const cold = 0;
export const unused = 1;
export const starting = 2;
export const inUse = 3;

export type SlotState = typeof cold | typeof unused | typeof starting | typeof inUse;

/** What each slot is, and the refusal of calls that do not fit it. At first all are cold. */
export class SlotStates {
  readonly #states: Uint8Array;

  constructor(capacity: number) {
    this.#states = new Uint8Array(capacity);
  }

  set(slot: number, state: SlotState): void {
    this.#states[slot] = state;
  }

  /** @throws ERR_SPILLWAY_UNKNOWN_SLOT, ERR_SPILLWAY_SLOT_STARTING, ERR_SPILLWAY_SLOT_NOT_IN_USE */
  checkInUse(slot: number): void {
    const state = this.#of(slot);
    if (state !== inUse) throw state === starting ? slotStarting(slot) : slotNotInUse(slot);
  }

  /** @throws ERR_SPILLWAY_UNKNOWN_SLOT, ERR_SPILLWAY_SLOT_STARTED, ERR_SPILLWAY_SLOT_NOT_IN_USE */
  checkStarting(slot: number): void {
    const state = this.#of(slot);
    if (state !== starting) throw state === inUse ? slotStarted(slot) : slotNotInUse(slot);
  }

  /**
   * Whether it is unused and warm; else it is in use.
   *
   * @throws ERR_SPILLWAY_UNKNOWN_SLOT, ERR_SPILLWAY_SLOT_STARTING, ERR_SPILLWAY_SLOT_NOT_IN_USE
   */
  checkWarm(slot: number): boolean {
    if (this.#of(slot) === unused) return true;
    this.checkInUse(slot);
    return false;
  }

  #of(slot: number): number {
    const state = Number.isInteger(slot) ? this.#states[slot] : undefined;
    if (state === undefined) throw unknownSlot(slot, this.#states.length);
    return state;
  }
}
