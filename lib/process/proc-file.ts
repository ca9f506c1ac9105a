import { readFileSync } from 'node:fs';

/** What a process's files answer when it is gone, or is hidden from this user (proc(5), "hidepid"). */
const noAnswer: readonly unknown[] = ['ENOENT', 'ESRCH', 'EACCES', 'EPERM'];

/**
 * Does one look at one process. `undefined`: the process is gone, or this user may not look at it.
 * ESRCH comes from a file whose process was reaped between open and read, or has no memory of its own.
 *
 * @throws the error of node:fs for anything else (EMFILE, ENFILE, ENOMEM ...): it tells nothing about the process
 */
export function unlessGone<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch (error) {
    if (noAnswer.includes((error as NodeJS.ErrnoException).code)) return undefined;
    throw error;
  }
}

/** Reads one file of one process, in the manner of {@link unlessGone}. */
export function readProcFile(procRoot: string, pid: number, file: string): string | undefined {
  return unlessGone(() => readFileSync(`${procRoot}/${pid}/${file}`, 'utf8'));
}
