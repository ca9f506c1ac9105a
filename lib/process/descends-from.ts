import { readProcess } from './process-entry';

/** Whether a process is another one, or a child of it, or of one of those, as far as parents live. */
export function descendsFrom(pid: number, ancestor: number, procRoot = '/proc'): boolean {
  for (let at = pid; at > 0; at = readProcess(at, procRoot)?.parentPid ?? 0) {
    if (at === ancestor) return true;
    if (at === 1) return false;
  }
  return false;
}
