import { SpillwayError } from '../errors';
import { outOf } from '../cgroup/cgroup-error';
import { errnoName, isFailure, native, type NativeFailure } from '../native';

/**
 * Memory of one process in bytes. The first three are what only its end gives back. Pages of huge-page file systems
 * are in none but `ussBytes`, nor are shared-memory pages that were swapped out (proc.rst, "VmSwap").
 */
export interface ProcessMemory {
  anonBytes: number;
  shmemBytes: number;
  swapBytes: number;
}

/** What of a process is in memory. Absent: its files do not tell. */
export interface ProcessSize {
  /** Resident set size: pages that it shares count in full. */
  rssBytes?: number;
  /** Proportional set size: a page that n processes share counts for one n-th. */
  pssBytes?: number;
  /** Unique set size: pages that no other process has, which its end gives back (as far as they are not in the page cache). */
  ussBytes?: number;
}

interface ReadOptions {
  procRoot?: string;
}

/**
 * The memory of processes out of /proc/PID/status (RssAnon, RssShmem, VmSwap; the first two since Linux 4.5).
 * Cheap: the kernel keeps these counts, at a precision of some pages per thread.
 *
 * An upper bound: a page that processes share since fork(2), or by shared memory, is counted in each of them.
 * `undefined`: the process is gone, is a zombie or a thread of the kernel, or this user may not look at it.
 * Source: Documentation/filesystems/proc.rst, "Contents of the status fields".
 *
 * @throws ERR_SPILLWAY_SYSTEM_LIMIT, ERR_SPILLWAY_SYSTEM when it cannot be known (EMFILE and the like); ERR_SPILLWAY_UNSUPPORTED
 */
export function readProcessesMemory(pids: readonly number[], options: ReadOptions = {}): (ProcessMemory | undefined)[] {
  return read(pids, 'status', options).map(memoryOf);
}

/**
 * The memory of processes out of /proc/PID/smaps_rollup (Pss_Anon, Pss_Shmem, SwapPss; all since Linux 5.4): a
 * page that n processes share counts for one n-th in each, so that a sum over processes is right.
 *
 * Dear: the kernel walks all of the process's pages, and holds the lock of its memory map while it does.
 * `undefined`: as above; also where the kernel is older or was built without it (CONFIG_PROC_PAGE_MONITOR), and for
 * processes that this user may not trace (ptrace(2), PTRACE_MODE_READ_FSCREDS).
 * Source: Documentation/filesystems/proc.rst, "smaps_rollup".
 *
 * @throws as above
 */
export function readProcessesMemoryExact(pids: readonly number[], options: ReadOptions = {}): (ProcessMemory | undefined)[] {
  return read(pids, 'smaps_rollup', options).map(memoryOf);
}

/**
 * How large processes are: `rssBytes` out of /proc/PID/statm, or with `exact` all three out of /proc/PID/smaps_rollup,
 * at the price above. Nothing is known of those that are `undefined` above.
 *
 * @throws as above
 */
export function readProcessesSize(pids: readonly number[], { exact = false, ...options }: ReadOptions & { exact?: boolean } = {}): ProcessSize[] {
  return read(pids, exact ? 'smaps_rollup' : 'statm', options).map(sizeOf);
}

/** Where each figure stands among those of its process. */
const places = { rss: 0, anon: 1, shmem: 2, swap: 3, pss: 4, uss: 5 } as const;
const placesOfOne = Object.keys(places).length;

type Look = (figure: keyof typeof places) => number | undefined;

function memoryOf(look: Look): ProcessMemory | undefined {
  const [anonBytes, shmemBytes, swapBytes] = [look('anon'), look('shmem'), look('swap')];
  if (anonBytes === undefined || shmemBytes === undefined || swapBytes === undefined) return undefined;
  return { anonBytes, shmemBytes, swapBytes };
}

function sizeOf(look: Look): ProcessSize {
  const [rssBytes, pssBytes, ussBytes] = [look('rss'), look('pss'), look('uss')];
  return { ...(rssBytes !== undefined && { rssBytes }), ...(pssBytes !== undefined && { pssBytes }), ...(ussBytes !== undefined && { ussBytes }) };
}

function read(pids: readonly number[], file: 'statm' | 'status' | 'smaps_rollup', { procRoot = '/proc' }: ReadOptions): Look[] {
  const numbers = native().readProcessesMemory(pids, file, procRoot);
  if (isFailure(numbers)) throw unknownMemory(numbers);
  return pids.map((_, index) => (figure) => {
    const bytes = numbers[index * placesOfOne + places[figure]];
    return Number.isNaN(bytes) ? undefined : bytes;
  });
}

function unknownMemory(failure: NativeFailure): SpillwayError {
  const name = errnoName(failure);
  const limit = outOf[name];
  const cause = Object.assign(new Error(`${failure.syscall} ${failure.file}: ${name}`), { code: name, syscall: failure.syscall });
  return new SpillwayError(limit === undefined ? 'ERR_SPILLWAY_SYSTEM' : 'ERR_SPILLWAY_SYSTEM_LIMIT', `Could not read the memory of processes: ${limit ?? 'the call failed'} (${name})`, { cause });
}
