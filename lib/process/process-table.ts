import { readdirSync } from 'node:fs';
import { SpillwayError } from '../errors';
import { quote } from '../options';
import { readProcess, type ProcessEntry } from './process-entry';

/**
 * The pids of all processes that this user may see.
 *
 * @throws the error of node:fs when they cannot be listed
 */
export function listProcesses(procRoot = '/proc'): number[] {
  return readdirSync(procRoot).filter((name) => /^[1-9]\d{0,9}$/.test(name)).map(Number).filter((pid) => pid < 2 ** 31);
}

/**
 * Looks at every process once, by pid. This is no snapshot: processes come and go while it is read, those that
 * vanish meanwhile are left out, and so are those that this user may not see (proc(5), "hidepid").
 *
 * @throws the error of node:fs when processes cannot be listed or read, such as EMFILE; ERR_SPILLWAY_SYSTEM
 * when there is not one process, which means that no /proc is mounted there
 */
export function readProcessTable(procRoot = '/proc'): Map<number, ProcessEntry> {
  const table = new Map<number, ProcessEntry>();
  for (const pid of listProcesses(procRoot)) {
    const entry = readProcess(pid, procRoot);
    if (entry !== undefined) table.set(entry.pid, entry);
  }
  // An empty table would say that every worker has ended.
  if (table.size === 0) {
    throw new SpillwayError('ERR_SPILLWAY_SYSTEM', `No process stands in ${quote(procRoot)}; mount it: 'mount -t proc proc /proc'`);
  }
  return table;
}
