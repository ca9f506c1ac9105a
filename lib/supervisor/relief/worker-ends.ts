import type { WorkerExit } from '../types';
import type { Clock } from './clock';

/** How often to look whether the waiting is to be cut short, in milliseconds. */
const lookMs = 10;

/** Waits until one of the workers has ended, for so long at most, or until `cut` says to stop. Says whether one has ended. */
export async function anyEnds(workers: readonly { exited: Promise<WorkerExit> }[], ms: number, clock: Clock, cut?: () => boolean): Promise<boolean> {
  const ends = workers.map(async ({ exited }) => {
    await exited;
    return true;
  });
  const endMs = clock.now() + ms;
  for (;;) {
    const leftMs = endMs - clock.now();
    const over = new AbortController();
    const pause = clock.wait(Math.max(0, cut === undefined ? leftMs : Math.min(leftMs, lookMs)), over.signal).then(() => false);
    try {
      if (await Promise.race([...ends, pause])) return true;
    } finally {
      over.abort();
    }
    if (clock.now() >= endMs || cut?.() === true) return false;
  }
}
