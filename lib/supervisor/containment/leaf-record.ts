import type { Cgroup } from '../../cgroup/cgroup';
import { native } from '../../native';
import { readProcess } from '../../process/process-entry';
import { parseWorkerOptions, type WorkerFacts } from '../worker-options';

/**
 * The attribute of a leaf that says which worker it is. It lives and dies with the cgroup, so that
 * nothing has to be kept in step; cgroup v2 has had user attributes since Linux 5.7.
 */
const attribute = 'user.spillway.worker';

interface LeafRecord {
  version: 1;
  facts: WorkerFacts;
  pid: number;
  startTime: number;
}

/** As well as it can: without it a worker that is adopted later loses its name, not its life. */
export function writeRecord(leaf: Cgroup, facts: WorkerFacts, pid: number): void {
  const startTime = startTimeOf(pid);
  if (startTime === undefined) return;
  const record: LeafRecord = { version: 1, facts, pid, startTime };
  native().writeAttribute(leaf.directory, attribute, JSON.stringify(record, (_, value: unknown) => (value === Infinity ? 'max' : value)));
}

function startTimeOf(pid: number): number | undefined {
  try {
    return readProcess(pid)?.startTime;
  } catch {
    return undefined; // No descriptor is left to look with; the worker runs all the same.
  }
}

/** What was recorded of a leaf, as far as it still holds. Whoever may write the tree may have written it: nothing of it is trusted. */
export function readRecord(leaf: Cgroup, defaults: { id: string; group: string; oomScoreAdj: number }): { facts: WorkerFacts; pid: number } {
  const processes = leaf.allProcesses();
  const record = parse(native().readAttribute(leaf.directory, attribute));
  const isMain = record !== undefined && processes.includes(record.pid) && readProcess(record.pid)?.startTime === record.startTime;
  return { facts: factsOf(record?.facts, defaults), pid: isMain ? record.pid : (processes[0] ?? 0) };
}

function factsOf(recorded: unknown, defaults: { id: string; group: string; oomScoreAdj: number }): WorkerFacts {
  try {
    return { ...parseWorkerOptions({ ...(recorded as object) }, defaults), group: defaults.group };
  } catch {
    return parseWorkerOptions({ group: defaults.group }, defaults);
  }
}

function parse(text: unknown): Partial<LeafRecord> & { pid: number } | undefined {
  if (typeof text !== 'string') return undefined;
  try {
    const value = JSON.parse(text) as Partial<LeafRecord> | null;
    return typeof value?.pid === 'number' ? { ...value, pid: value.pid } : undefined;
  } catch {
    return undefined;
  }
}
