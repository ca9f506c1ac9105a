import { closeSync, constants, fstatSync, openSync, statSync } from 'node:fs';
import { SpillwayError } from '../errors';
import { errnoName, isFailure, native } from '../native';
import { quote } from '../options';
import { checkedOwner, lockPatienceMs, lockRetryMs, ownerIsGone, ownerText } from '../process/owner';
import { sleepNow } from '../sleep-now';
import type { Cgroup } from './cgroup';
import { cgroupError, errnoFailure } from './cgroup-error';

/** The attribute of a pool that says who owns it, for people: ownership itself is the lock. */
const ownerAttribute = 'user.spillway.owner';

/**
 * Makes the pool's directory and takes it. The lock (flock(2)) lives on the returned descriptor, and
 * dies with this process.
 *
 * @throws ERR_SPILLWAY_NAME_IN_USE
 */
export function lockPool(pool: Cgroup, { name, runId }: { name: string; runId: string }): number {
  for (let waitedMs = 0; ; ) {
    const made = pool.create();
    const fd = openDirectory(pool, made);
    if (fd === undefined) continue;
    const failure = native().lockFile(fd);
    if (isFailure(failure)) {
      closeSync(fd);
      if (errnoName(failure) === 'EAGAIN') {
        if (waitedMs >= lockPatienceMs || !ownerIsGone(readOwner(pool))) throw nameInUse(pool, name);
        sleepNow(lockRetryMs);
        waitedMs += lockRetryMs;
        continue;
      }
      if (made) pool.remove();
      throw cgroupError(pool.directory, failure, 'lock');
    }
    // Its owner may have removed it just before the lock was ours; then it is another directory.
    if (isSameDirectory(fd, pool.directory)) {
      native().writeAttribute(pool.directory, ownerAttribute, ownerText(runId));
      return fd;
    }
    closeSync(fd);
  }
}

/** `undefined` when somebody removed it in between. */
function openDirectory(pool: Cgroup, made: boolean): number | undefined {
  try {
    return openSync(pool.directory, constants.O_RDONLY | constants.O_DIRECTORY);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    if (made) pool.remove();
    throw cgroupError(pool.directory, errnoFailure(error, 'open', ''), 'lock');
  }
}

function readOwner(pool: Cgroup): unknown {
  return native().readAttribute(pool.directory, ownerAttribute);
}

function nameInUse(pool: Cgroup, name: string): SpillwayError {
  const owner = checkedOwner(readOwner(pool));
  return new SpillwayError(
    'ERR_SPILLWAY_NAME_IN_USE',
    `Another supervisor that is alive${owner === undefined ? '' : ` (${owner})`} owns the pool ${quote(pool.directory)}; ` +
      `close it, or choose another name than ${quote(name)}`,
  );
}

function isSameDirectory(fd: number, directory: string): boolean {
  return statSync(directory, { throwIfNoEntry: false })?.ino === fstatSync(fd).ino;
}
