import { closeSync } from 'node:fs';
import { constants } from 'node:os';
import { errnoName, native } from '../native';
import { holdProcess } from './hold-process';
import type { ProcessIdentity } from './process-entry';

/**
 * Whether it is gone, or has the signal; false: this user may not send it one. The pidfd makes sure that
 * its number is not another process's by now.
 *
 * @throws as {@link holdProcess}
 */
export function signalProcess(identity: ProcessIdentity, signal: 'SIGKILL' | 'SIGSTOP'): boolean {
  const pidfd = holdProcess(identity);
  if (pidfd === undefined) return true;
  try {
    const failure = native().signalPidfd(pidfd, constants.signals[signal]);
    return failure === undefined || errnoName(failure) === 'ESRCH';
  } finally {
    closeSync(pidfd);
  }
}
