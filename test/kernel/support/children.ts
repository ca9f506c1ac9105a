import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

const open = new Set<ChildProcess>();

/** To be waited for by `untilClosed()`. */
export function keepInMind(child: ChildProcess): void {
  open.add(child);
  child.once('close', () => open.delete(child));
}

/** Until the pipes of children that have ended are closed: the next test may count descriptors. */
export async function untilClosed(): Promise<void> {
  // A pipe that a grandchild has inherited stays open; that is a matter of the test.
  const closed = [...open].filter(hasEnded).map((child) => Promise.race([once(child, 'close'), delay(1000, undefined, { ref: false })]));
  await Promise.all(closed);
}

/** Of the flags in `/proc/PID/stat` (PF_EXITING): set before the process has left its cgroup. */
const exiting = 4;

/** By the kernel: Node may not have heard of it yet. */
function hasEnded({ pid }: ChildProcess): boolean {
  try {
    const [state, , , , , , flags] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
    return state === 'Z' || (Number(flags) & exiting) !== 0;
  } catch {
    return true;
  }
}
