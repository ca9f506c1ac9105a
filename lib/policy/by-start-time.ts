import { formatBytes } from '../format-bytes';
import { type Bytes, checkKeys, parseBytes } from '../options';
import { compareBySize, compareByStart } from './compare-candidates';
import { formatDuration } from './format-duration';
import { freeableBytesOf } from './freeable-bytes';
import type { Candidate, KillPolicy, Ranked } from './types';

export interface ByStartTimeOptions {
  /**
   * Idle workers that would free less than this are kept as warm spares: they die after the busy
   * ones instead of before them. Bytes, or a string such as `'64MiB'`. Default 0: every idle worker
   * dies before every busy one. Range 0 to 2^53 - 1. With more than 0, an idle worker of unknown
   * size is a spare.
   *
   * Ray has 1 GiB here (`idle_worker_killing_memory_threshold_bytes`), but applies it only to workers
   * that never held work, which a {@link Candidate} does not tell. Applied to all, 1 GiB would kill
   * a busy worker while an idle one of 900 MiB looks on; many pools are smaller than that altogether.
   * What Ray wants with it, no kills that free next to nothing, is what `KillNeed.minVictimBytes`
   * does in proportion to the pool.
   */
  idleBytes?: Bytes;
}

/**
 * The default policy, after Ray's "by time": the least work is lost.
 *
 * 1. Idle workers, the one that would free most first.
 * 2. Busy workers: retriable before non-retriable, then tasks before services, then the newest start first.
 * 3. Idle workers below `idleBytes`, the one that would free most first. Ray leaves these out. Here
 *    nobody is left out: when they are all there is and the pool is short, the kernel would pick among
 *    them, or among everybody.
 *
 * Ties end by id. Unknown `freeableBytes` counts 0. `priority`, `owner` and `attempt` play no part.
 *
 * @throws {SpillwayError} `ERR_SPILLWAY_INVALID_OPTION`
 */
export function byStartTime(options: ByStartTimeOptions = {}): KillPolicy {
  checkKeys('byStartTime', options, ['idleBytes']);
  const { idleBytes = 0 } = options;
  const spareBelowBytes = parseBytes('idleBytes', idleBytes);
  return {
    name: 'byStartTime',
    rank: (candidates) =>
      rungs.flatMap((rung) => {
        const members = candidates.filter((each) => rungOf(each, spareBelowBytes) === rung);
        return rankRung(rung, members, spareBelowBytes);
      }),
  };
}

/** In the order of dying. */
const rungs = ['idle', 'retriable task', 'retriable service', 'task', 'service', 'spare'] as const;
type Rung = (typeof rungs)[number];

function rungOf(candidate: Candidate, spareBelowBytes: number): Rung {
  if (candidate.idle) return freeableBytesOf(candidate) < spareBelowBytes ? 'spare' : 'idle';
  if (candidate.kind === 'service') return candidate.retriable ? 'retriable service' : 'service';
  return candidate.retriable ? 'retriable task' : 'task';
}

function rankRung(rung: Rung, members: readonly Candidate[], spareBelowBytes: number): Ranked[] {
  const compare = rung === 'idle' || rung === 'spare' ? compareBySize : compareByStart;
  return members
    .toSorted(compare)
    .map((each, place, sorted) => ({ id: each.id, reason: reasonFor(rung, sorted, place, each, spareBelowBytes) }));
}

function reasonFor(rung: Rung, sorted: readonly Candidate[], place: number, candidate: Candidate, spareBelowBytes: number): string {
  if (rung === 'spare') {
    return `idle, but ${size(candidate)}, so busy workers go first (idleBytes is ${formatBytes(spareBelowBytes)})`;
  }
  if (rung === 'idle') {
    const isLargest = place === 0 && sorted.length > 1 && freeableBytesOf(candidate) > 0;
    return `idle, so no work is lost; ${size(candidate)}${isLargest ? `, the most of ${sorted.length} idle workers` : ''}`;
  }
  return `busy ${work[rung]}, ${start(sorted, place, candidate)}`;
}

const work: Readonly<Record<Exclude<Rung, 'idle' | 'spare'>, string>> = {
  'retriable task': 'with a task that can be retried',
  'retriable service': 'as a service that can be retried',
  task: 'with a task that cannot be retried',
  service: 'as a service that cannot be retried',
};

function size(candidate: Candidate): string {
  return candidate.freeableBytes === undefined
    ? 'how much it would free is not known'
    : `would free ${formatBytes(freeableBytesOf(candidate))}`;
}

// Told against the newest of the same rung, not against now: a policy has no clock.
function start(sorted: readonly Candidate[], place: number, { startedAtMs }: Candidate): string {
  const count = sorted.length;
  if (count === 1) return 'the only such worker';
  if (!Number.isFinite(startedAtMs)) return 'its start is not known';
  if (place === 0) return `started last of ${count} such workers`;
  const beforeNewestMs = (sorted[0]?.startedAtMs ?? startedAtMs) - startedAtMs;
  return beforeNewestMs === 0
    ? `started at the same time as the newest of ${count} such workers, comes after it by id`
    : `started ${formatDuration(beforeNewestMs)} before the newest of ${count} such workers`;
}
