import { SpillwayError } from '../errors';
import { quote } from '../options';
import type { Cgroup } from './cgroup';
import { causeCode } from './cgroup-error';
import { whenEmpty } from './when-empty';

/** What to do about processes that a dead owner of the same pool has left. */
export type Leftovers = 'kill' | 'adopt';

/** In milliseconds. One in the kernel's hands (state D) may never die. */
const dieWithinMs = 30_000;
const killAgainMs = 200;
/** Whoever comes in for longer than that is sent by somebody who lives. */
const passes = 100;

/** Returns the leaves in which processes live on, which are none with `'kill'`. All else in the pool is removed. */
export async function seeToLeftovers(pool: Cgroup, leftovers: Leftovers): Promise<Cgroup[]> {
  if (leftovers === 'kill') {
    await clear(pool);
    return [];
  }
  const leaves = pool.children().flatMap((group) => group.children().filter((leaf) => leaf.populated() || !removed(leaf)));
  for (const group of pool.children()) if (group.children().length === 0) group.remove();
  return leaves;
}

/** A worker that the dead owner had only just forked may still come in, so it goes on until there is no leaf to come into. */
async function clear(pool: Cgroup): Promise<void> {
  const signal = AbortSignal.timeout(dieWithinMs);
  for (let left = passes; ; left--) {
    await killAll(pool, signal);
    if (pool.children().every((group) => removed(group, left > 0))) return;
  }
}

/** Whether it is gone now; not when somebody came in again. */
function removed(cgroup: Cgroup, mayBeBusy = true): boolean {
  try {
    cgroup.remove();
    return true;
  } catch (error) {
    if (!mayBeBusy || causeCode(error) !== 'EBUSY') throw error;
    return false;
  }
}

async function killAll(pool: Cgroup, signal: AbortSignal): Promise<void> {
  while (pool.populated()) {
    // Again and again: who comes in after the kill lives, and the pool would never be empty.
    pool.write('cgroup.kill', '1');
    await whenEmpty(pool, AbortSignal.timeout(killAgainMs)).catch((error: unknown) => {
      if ((error as Error).name !== 'TimeoutError') throw error;
    });
    if (signal.aborted && pool.populated()) throw undying(pool);
  }
}

function undying(pool: Cgroup): SpillwayError {
  return new SpillwayError(
    'ERR_SPILLWAY_CGROUP_BUSY',
    `Processes that the former owner left in the pool ${quote(pool.directory)} were killed and do not die (${pool.allProcesses().slice(0, 8).join(', ')}); ` +
      "see 'ps -o pid,stat,wchan', or choose another name",
  );
}
