import { formatBytes } from '../format-bytes';
import { type Bytes, checkKeys, parseBytes } from '../options';
import { mostToFreeFirst } from './criteria';
import { freeableBytesOf } from './freeable-bytes';
import type { Criterion, OrderPolicy } from './order';
import { orderPolicy } from './order-policy';
import { newestStartFirst } from './start-criteria';
import type { Candidate } from './types';

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
 * Ties end by id. Unknown `freeableBytes` counts 0, a start that is not known counts as the oldest.
 * `priority`, `owner` and `attempt` play no part: `firstBy(byPriority(), byStartTime())` puts one before it.
 *
 * @throws {SpillwayError} `ERR_SPILLWAY_INVALID_OPTION`
 */
export function byStartTime(options: ByStartTimeOptions = {}): OrderPolicy {
  checkKeys('byStartTime', options, ['idleBytes']);
  const { idleBytes = 0 } = options;
  return orderPolicy('byStartTime', [rungFirst(parseBytes('idleBytes', idleBytes)), leastLossInRung]);
}

/** In the order of dying. */
const rungs = ['idle', 'retriable task', 'retriable service', 'task', 'service', 'spare'] as const;
type Rung = (typeof rungs)[number];

function rungFirst(spareBelowBytes: number): Criterion {
  const said = { ...words, spare: `idle, but below idleBytes (${formatBytes(spareBelowBytes)}), so busy workers go first` };
  return {
    key: (candidate) => rungs.indexOf(rungOf(candidate, spareBelowBytes)),
    explain: (candidate) => said[rungOf(candidate, spareBelowBytes)],
  };
}

function rungOf(candidate: Candidate, spareBelowBytes: number): Rung {
  if (candidate.idle) return freeableBytesOf(candidate) < spareBelowBytes ? 'spare' : 'idle';
  if (candidate.kind === 'service') return candidate.retriable ? 'retriable service' : 'service';
  return candidate.retriable ? 'retriable task' : 'task';
}

const words: Readonly<Record<Exclude<Rung, 'spare'>, string>> = {
  idle: 'idle, so no work is lost',
  'retriable task': 'busy with a task that can be retried',
  'retriable service': 'busy as a service that can be retried',
  task: 'busy with a task that cannot be retried',
  service: 'busy as a service that cannot be retried',
};

/** A rung holds either idle workers or busy ones, so this never compares bytes with times. */
const leastLossInRung: Criterion = {
  key: (candidate) => inRung(candidate).key(candidate),
  explain: (candidate, tied) => inRung(candidate).explain(candidate, tied),
};

function inRung({ idle }: Candidate): Criterion {
  return idle ? mostToFreeFirst : newestStartFirst;
}
