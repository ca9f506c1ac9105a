import { closeSync } from 'node:fs';
import { constants } from 'node:os';
import { SpillwayError } from '../errors';
import { errnoName, isFailure, native } from '../native';
import { readProcess, type ProcessIdentity } from './process-entry';

/**
 * Whether it is gone, or has the signal; false: this user may not send it one. The pidfd makes sure that
 * its number is not another process's by now.
 *
 * @throws ERR_SPILLWAY_SYSTEM_LIMIT when no descriptor is left
 */
export function signalProcess({ pid, startTime }: ProcessIdentity, signal: 'SIGKILL' | 'SIGSTOP'): boolean {
  const pidfd = native().openPidfd(pid);
  if (isFailure(pidfd)) {
    // ENOENT and, before Linux 6.9, EINVAL: the number is that of a thread by now.
    if (['ESRCH', 'ENOENT', 'EINVAL'].includes(errnoName(pidfd))) return true;
    throw new SpillwayError('ERR_SPILLWAY_SYSTEM_LIMIT', `Could not hold the process ${pid}: ${errnoName(pidfd)}`);
  }
  try {
    if (readProcess(pid)?.startTime !== startTime) return true;
    const failure = native().signalPidfd(pidfd, constants.signals[signal]);
    return failure === undefined || errnoName(failure) === 'ESRCH';
  } finally {
    closeSync(pidfd);
  }
}
