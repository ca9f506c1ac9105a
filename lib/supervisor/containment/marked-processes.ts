import { setTimeout as delay } from 'node:timers/promises';
import { SpillwayError } from '../../errors';
import { descendsFrom } from '../../process/descends-from';
import { isAlive, type ProcessEntry } from '../../process/process-entry';
import { readProcessTable } from '../../process/process-table';
import { signalProcess } from '../../process/signal-process';
import { readMarker, type WorkerMarker } from '../../process/worker-marker';

/** Processes that carry the mark of one worker. */
export interface Marked {
  marker: WorkerMarker;
  /** The oldest first, which is the main one if it lives. */
  processes: ProcessEntry[];
}

/** All processes with the mark of a worker of this pool, by worker; never this one or one that it came from. */
export function findMarked(pool: string): Marked[] {
  const found = new Map<string, Marked>();
  for (const entry of readProcessTable().values()) {
    const marker = isAlive(entry) ? readMarker(entry) : undefined;
    if (marker?.pool !== pool || descendsFrom(process.pid, entry.pid)) continue;
    const key = `${marker.runId}/${marker.id}`;
    const marked = found.get(key) ?? { marker, processes: [] };
    found.set(key, marked);
    marked.processes.push(entry);
  }
  for (const { processes } of found.values()) processes.sort((a, b) => a.startTime - b.startTime);
  return [...found.values()];
}

/** How long they may take to die, and how often to look; milliseconds. */
const dieWithinMs = 30_000;
const lookMs = 20;

/** Ends all workers that a dead owner of this pool has left. @throws ERR_SPILLWAY_STUCK when some do not die */
export async function killMarked(pool: string): Promise<void> {
  const beganAtMs = performance.now();
  for (let wasEmpty = false; ; ) {
    const left = findMarked(pool).flatMap(({ processes }) => processes);
    // Twice: a process in the midst of execve(2) shows no environment for a moment.
    if (left.length === 0 && wasEmpty) return;
    wasEmpty = left.length === 0;
    const refused = left.filter((each) => !signalProcess(each, 'SIGKILL'));
    if (refused.length > 0 || performance.now() - beganAtMs > dieWithinMs) {
      const pids = left.slice(0, 8).map(({ pid }) => pid).join(', ');
      throw new SpillwayError('ERR_SPILLWAY_STUCK', `Processes that the former supervisor ${pool} has left do not die, or may not be killed by this user (${pids}); end them, or choose another name`);
    }
    await delay(lookMs);
  }
}
