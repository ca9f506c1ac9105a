import { readProcFile } from './proc-file';

/** A pid and the time at which it began to mean this process: together they name a process until the next boot. */
export interface ProcessIdentity {
  pid: number;
  /**
   * Clock ticks (sysconf(_SC_CLK_TCK), 100 a second) since boot: field 22. It survives execve(2), also one
   * by another thread than the first (fs/exec.c, de_thread()).
   */
  startTime: number;
}

/** What /proc/PID/stat tells of one process: proc(5), "/proc/pid/stat". */
export interface ProcessEntry extends ProcessIdentity {
  /** 0: the parent is outside of this pid namespace, or is the kernel. */
  parentPid: number;
  /** One letter, such as R, S, D, T, Z or X, of the first thread only: see {@link isAlive}. */
  state: string;
  /** 0: the session's leader is outside of this pid namespace. */
  sessionId: number;
  /** Chosen by the process itself: may hold anything, blanks, parentheses and newlines too. For people only. */
  name: string;
  /** Field 20. The first thread counts until the process is reaped. */
  threadCount?: number;
}

/**
 * Reads the text of /proc/PID/stat. `undefined` for anything that is not whole up to the start time, and for
 * a process that was reaped while the kernel printed it (no session: fs/proc/array.c, do_task_stat()).
 * Never throws.
 */
export function parseProcessStat(text: string): ProcessEntry | undefined {
  const nameStart = text.indexOf(' (');
  const nameEnd = text.lastIndexOf(')');
  if (nameStart < 0 || nameEnd < nameStart + 2) return undefined;

  // Field 3 of proc(5) is the first after the name. The start time counts only if something separates it
  // from what follows: the digits of a truncated text would name another process.
  const fields = text.slice(nameEnd + 1).split(/[ \n]/);
  const field = (number: number): string => fields[number - 2] ?? '';
  const pid = wholeNumber(text.slice(0, nameStart));
  const state = field(3);
  const parentPid = wholeNumber(field(4));
  const sessionId = wholeNumber(field(6));
  const threadCount = wholeNumber(field(20));
  const startTime = wholeNumber(field(22));
  if (fields[0] !== '' || fields.length < 22 || !/^[A-Za-z]$/.test(state)) return undefined;
  if (pid === undefined || pid === 0 || parentPid === undefined || sessionId === undefined || startTime === undefined) return undefined;

  const name = text.slice(nameStart + 2, nameEnd);
  return { pid, parentPid, startTime, state, sessionId, name, ...(threadCount === undefined ? {} : { threadCount }) };
}

function wholeNumber(text: string): number | undefined {
  const number = /^\d{1,20}$/.test(text) ? Number(text) : NaN;
  return Number.isSafeInteger(number) ? number : undefined;
}

/**
 * Whether a process still runs, and so may hold memory. A zombie does not, except when only its first thread
 * has ended: /proc/PID/stat says Z then (pthreads(7), pthread_exit(3)) while the other threads work on.
 */
export function isAlive({ state, threadCount = 1 }: ProcessEntry): boolean {
  return state === 'Z' ? threadCount > 1 : state.toUpperCase() !== 'X';
}

/**
 * Looks at one process. `undefined`: it is gone, or this user may not look at it.
 *
 * @throws the error of node:fs when it cannot be known, such as EMFILE
 */
export function readProcess(pid: number, procRoot = '/proc'): ProcessEntry | undefined {
  const entry = parseProcessStat(readProcFile(procRoot, pid, 'stat') ?? '');
  return entry?.pid === pid ? entry : undefined;
}
