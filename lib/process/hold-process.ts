import { closeSync } from 'node:fs';
import { SpillwayError } from '../errors';
import { errnoName, isFailure, native } from '../native';
import { readProcess, type ProcessIdentity } from './process-entry';

/**
 * A pidfd of exactly this process, to be closed by the caller; `undefined` when it is gone, also when its
 * number is another process's or a thread's by now.
 *
 * @throws ERR_SPILLWAY_SYSTEM_LIMIT, or the error of node:fs, when no descriptor is left
 */
export function holdProcess({ pid, startTime }: ProcessIdentity): number | undefined {
  const pidfd = holdPid(pid);
  if (pidfd === undefined) return undefined;
  let isSame = false;
  try {
    isSame = readProcess(pid)?.startTime === startTime;
  } finally {
    if (!isSame) closeSync(pidfd);
  }
  return isSame ? pidfd : undefined;
}

/** The same of whichever process has this number now. @throws ERR_SPILLWAY_SYSTEM_LIMIT when no descriptor is left */
export function holdPid(pid: number): number | undefined {
  const pidfd = native().openPidfd(pid);
  if (!isFailure(pidfd)) return pidfd;
  // ENOENT and, before Linux 6.9, EINVAL: the number is that of a thread.
  if (['ESRCH', 'ENOENT', 'EINVAL'].includes(errnoName(pidfd))) return undefined;
  throw new SpillwayError('ERR_SPILLWAY_SYSTEM_LIMIT', `Could not hold the process ${pid}: ${errnoName(pidfd)}`);
}
