import { readdirSync } from 'node:fs';
import { readProcFile, unlessGone } from './proc-file';

/**
 * Memory of one process in bytes that only its end gives back. Pages of huge-page file systems are in none of
 * these figures, nor are shared-memory pages that were swapped out (proc.rst, "VmSwap").
 */
export interface ProcessMemory {
  anonBytes: number;
  shmemBytes: number;
  swapBytes: number;
}

type MemoryKeys = readonly [anon: string, shmem: string, swap: string];

/**
 * The memory of a process out of /proc/PID/status (RssAnon, RssShmem, VmSwap; the first two since Linux 4.5).
 * Cheap: the kernel keeps these counts, at a precision of some pages per thread.
 *
 * An upper bound: a page that processes share since fork(2), or by shared memory, is counted in each of them.
 * `undefined`: the process is gone, is a zombie or a thread of the kernel, or this user may not look at it.
 * Source: Documentation/filesystems/proc.rst, "Contents of the status fields".
 *
 * @throws the error of node:fs when it cannot be known, such as EMFILE
 */
export function readProcessMemory(pid: number, procRoot = '/proc'): ProcessMemory | undefined {
  return readMemory(pid, procRoot, 'status', ['RssAnon', 'RssShmem', 'VmSwap']);
}

/**
 * The memory of a process out of /proc/PID/smaps_rollup (Pss_Anon, Pss_Shmem, SwapPss; all since Linux 5.4): a
 * page that n processes share counts for one n-th in each, so that a sum over processes is right.
 *
 * Dear: the kernel walks all of the process's pages, and holds the lock of its memory map while it does.
 * `undefined`: as above; also where the kernel is older or was built without it (CONFIG_PROC_PAGE_MONITOR), and for
 * processes that this user may not trace (ptrace(2), PTRACE_MODE_READ_FSCREDS).
 * Source: Documentation/filesystems/proc.rst, "smaps_rollup".
 *
 * @throws the error of node:fs when it cannot be known, such as EMFILE
 */
export function readProcessMemoryExact(pid: number, procRoot = '/proc'): ProcessMemory | undefined {
  return readMemory(pid, procRoot, 'smaps_rollup', ['Pss_Anon', 'Pss_Shmem', 'SwapPss']);
}

function readMemory(pid: number, procRoot: string, file: string, keys: MemoryKeys): ProcessMemory | undefined {
  const memory = parseMemory(readProcFile(procRoot, pid, file) ?? '', keys);
  if (memory !== undefined) return memory;
  for (const tid of otherThreads(pid, procRoot)) {
    const ofThread = parseMemory(readProcFile(procRoot, pid, `task/${tid}/${file}`) ?? '', keys);
    if (ofThread !== undefined) return ofThread;
  }
  return undefined;
}

/**
 * Threads share their process's memory, but once the first one has ended the process's own files no longer tell
 * of it (the thread has let go of the memory: kernel/exit.c, exit_mm()); those of the others do.
 */
function otherThreads(pid: number, procRoot: string): string[] {
  const status = readProcFile(procRoot, pid, 'status') ?? '';
  if (!status.includes('\nState:\tZ') || status.includes('\nThreads:\t1\n')) return [];
  const tids = unlessGone(() => readdirSync(`${procRoot}/${pid}/task`)) ?? [];
  return tids.filter((tid) => tid !== String(pid));
}

/** Reads three lines of the form "Key:  123 kB", or nothing. Never throws. */
export function parseMemory(text: string, [anon, shmem, swap]: MemoryKeys): ProcessMemory | undefined {
  const anonBytes = bytesOf(text, anon);
  const shmemBytes = bytesOf(text, shmem);
  const swapBytes = bytesOf(text, swap);
  if (anonBytes === undefined || shmemBytes === undefined || swapBytes === undefined) return undefined;
  return { anonBytes, shmemBytes, swapBytes };
}

/**
 * Lines begin after a newline and nowhere else: `^` would take other characters for the end of a line too, and a
 * process may have them in its name (the kernel escapes newlines there), to pass for smaller than it is.
 */
function bytesOf(text: string, key: string): number | undefined {
  const start = text.indexOf(`\n${key}:`);
  if (start < 0) return undefined;
  const kiB = /^[ \t]*(\d+) kB\n/.exec(text.slice(start + key.length + 2))?.[1];
  return kiB === undefined ? undefined : Math.min(Number(kiB) * 1024, Number.MAX_SAFE_INTEGER);
}
