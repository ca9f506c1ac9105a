import { checkKeys, parseNumber, parseOneOf } from '../options';
import { printable } from '../printable';
import { readProcFile } from './proc-file';
import { readProcessesSize, type ProcessSize } from './process-memory';
import { listProcesses } from './process-table';

/** A process for people to read about. What its files do not tell is absent. */
export interface LargeProcess extends ProcessSize {
  pid: number;
  /**
   * Its arguments with blanks in between, of a process without any its name in brackets; at most 100 characters, and
   * safe for a terminal. Processes choose it themselves, and it may hold secrets that were given as arguments.
   */
  command?: string;
}

export interface LargestProcessesOptions {
  /**
   * What decides who is large. Default `'rss'`.
   * - `'rss'`: the resident set size, which the kernel keeps. Pages that processes share count in each of them.
   * - `'uss'`: the unique set size, what the end of the process gives back. The kernel walks all pages of all
   *   processes for it; those that this user may not trace are left out (ptrace(2), PTRACE_MODE_READ_FSCREDS).
   */
  by?: 'rss' | 'uss';
}

/** Characters, not bytes. */
const longestCommand = 100;

/**
 * The largest processes that this user may see, largest first, by a look at all of /proc. With the first breach of
 * a monitor it tells people who uses the memory; on each breach, or many times a second, it is too dear.
 *
 * Those without memory of their own (zombies, threads of the kernel) are left out; where there is no /proc there are none.
 *
 * @param count at most so many, from 1 to 10,000. Default 10
 * @throws ERR_SPILLWAY_INVALID_OPTION, ERR_SPILLWAY_UNSUPPORTED; ERR_SPILLWAY_SYSTEM_LIMIT, ERR_SPILLWAY_SYSTEM or the
 * error of node:fs when processes cannot be looked at (EMFILE and the like)
 */
export function largestProcesses(count = 10, options: LargestProcessesOptions = {}): LargeProcess[] {
  return largestProcessesOf('/proc', count, options);
}

/** {@link largestProcesses} of any folder that has /proc's form. */
export function largestProcessesOf(procRoot: string, count: number, options: LargestProcessesOptions = {}): LargeProcess[] {
  parseNumber('count', count, { min: 1, max: 10_000 });
  checkKeys('largestProcesses', options, ['by']);
  const by = parseOneOf('by', options.by ?? 'rss', ['rss', 'uss']);
  const pids = list(procRoot);
  const sizes = readProcessesSize(pids, { procRoot, exact: by === 'uss' });
  const sizeOf = ({ rssBytes, ussBytes }: ProcessSize): number | undefined => (by === 'uss' ? ussBytes : rssBytes);
  const largest = pids
    .map((pid, index) => ({ pid, ...sizes[index] }))
    .filter((each) => sizeOf(each) !== undefined)
    .sort((a, b) => (sizeOf(b) ?? 0) - (sizeOf(a) ?? 0) || a.pid - b.pid)
    .slice(0, count);
  // Of these few the dear figures cost little; one that has ended since keeps what is known of it.
  const exact = by === 'uss' ? [] : readProcessesSize(largest.map(({ pid }) => pid), { procRoot, exact: true });
  return largest.map((each, index) => {
    const command = commandOf(each.pid, procRoot);
    return { ...exact[index], ...each, ...(command !== undefined && { command }) };
  });
}

function list(procRoot: string): number[] {
  try {
    return listProcesses(procRoot);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

function commandOf(pid: number, procRoot: string): string | undefined {
  const words = forPeople(readProcFile(procRoot, pid, 'cmdline')?.replaceAll('\0', ' '));
  if (words !== undefined) return words;
  const name = forPeople(readProcFile(procRoot, pid, 'comm')?.replace(/\n$/, ''));
  return name === undefined ? undefined : `[${name}]`;
}

function forPeople(text: string | undefined): string | undefined {
  const characters = Array.from(printable((text ?? '').trim().slice(0, 4 * longestCommand)));
  return characters.length === 0 ? undefined : characters.slice(0, longestCommand).join('');
}
