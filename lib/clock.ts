import { setTimeout as delay } from 'node:timers/promises';

/** The time that a round depends on; tests have their own. */
export interface Clock {
  /** Milliseconds on the time line of `performance.now()`. */
  now(): number;
  /** Resolves after the time; rejects, and leaves no timer, when the signal comes first. */
  wait(ms: number, signal: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  now: () => performance.now(),
  wait: (ms, signal) => delay(ms, undefined, { signal }),
};
