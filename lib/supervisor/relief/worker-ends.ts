import type { WorkerExit } from '../types';
import type { Clock } from '../../clock';

/** How often to look whether the waiting is to be cut short, in milliseconds. */
const lookMs = 10;
/**
 * Where JavaScript was blocked, its timers come first when it wakes, and only then what it can hear: a
 * timer that is late by so much is given this time more, once. In milliseconds.
 */
const lateMs = 50;
const hearingMs = 200;

/** Waits until one of the workers has ended, for so long at most, or until `cut` says to stop. Says whether one has ended. */
export async function anyEnds(workers: readonly { exited: Promise<WorkerExit> }[], ms: number, clock: Clock, cut?: () => boolean): Promise<boolean> {
  const seen = { end: false };
  let pause = new AbortController();
  // Once for each: a reaction for every look would pile up on a promise that is pending for an hour.
  for (const { exited } of workers) {
    void exited.then(() => {
      seen.end = true;
      pause.abort();
    });
  }
  let endMs = clock.now() + ms;
  let mayBeLate = workers.length > 0;
  for (;;) {
    const leftMs = Math.max(0, endMs - clock.now());
    pause = new AbortController();
    await clock.wait(cut === undefined ? leftMs : Math.min(leftMs, lookMs), pause.signal).catch(() => undefined);
    pause.abort();
    if (seen.end) return true;
    if (cut?.() === true) return false;
    const nowMs = clock.now();
    if (nowMs < endMs) continue;
    if (!mayBeLate || nowMs < endMs + lateMs) return false;
    mayBeLate = false;
    endMs = nowMs + hearingMs;
  }
}
