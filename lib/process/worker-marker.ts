import type { ProcessEntry } from './process-entry';
import { readProcFile } from './proc-file';

/** The variable that marks a worker's environment. Its children inherit it, also those whose parents have died. */
export const markerName = 'SPILLWAY_WORKER';

export interface WorkerMarker {
  /** Name of the pool. */
  pool: string;
  runId: string;
  /** Of the worker. */
  id: string;
}

export function formatMarker({ pool, runId, id }: WorkerMarker): string {
  // Neither a pool's name nor a run's id has a slash.
  return `${pool}/${runId}/${id}`;
}

/**
 * The marker of a process, by the environment that its program was started with (proc(5), /proc/PID/environ).
 * `undefined`: it has none, is gone, is another user's, or has written over it, as some do to change their title.
 *
 * @throws the error of node:fs when it cannot be known, such as EMFILE
 */
export function readMarker({ pid }: Pick<ProcessEntry, 'pid'>, procRoot = '/proc'): WorkerMarker | undefined {
  const start = `${markerName}=`;
  const value = readProcFile(procRoot, pid, 'environ')?.split('\0').find((each) => each.startsWith(start))?.slice(start.length);
  const [, pool, runId, id] = /^([^/]+)\/([^/]+)\/(.*)$/s.exec(value ?? '') ?? [];
  return pool === undefined || runId === undefined || id === undefined ? undefined : { pool, runId, id };
}
