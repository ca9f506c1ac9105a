import { type Bytes, checkKeys, parseBytes, quote } from '../options';
import { byStartTime } from './by-start-time';
import { freeableBytesOf } from './freeable-bytes';
import { newestFirst } from './newest-first';
import { inOrder } from './rank-by';
import { newestStartFirst } from './start-criteria';
import type { Candidate, KillPolicy, Ranked } from './types';

export interface ByOwnerOptions {
  /**
   * As in `byStartTime()`: idle workers that would free less than this die last instead of first. Bytes,
   * or a string such as `'64MiB'`. Default 0: every idle worker dies before every busy one. Range 0 to 2^53 - 1.
   */
  idleBytes?: Bytes;
}

/**
 * Spreads the loss, after Ray's "group by owner": whoever has most retriable workers gives one up, so
 * that nobody loses the last one while others have several.
 *
 * 1. Idle workers, the one that would free most first.
 * 2. Retriable workers, in groups by `owner` (those without one are a group): the newest worker of the
 *    largest group; of groups as large, the one whose oldest worker started last. Then again with what is left.
 * 3. Workers that cannot be retried, one group whoever owns them: the newest first.
 * 4. Idle workers below `idleBytes`, the one that would free most first. Ray leaves these out.
 *
 * Ties end by id; a start that is not known counts as the oldest. The last worker of an owner should not
 * be retried, as in Ray, for it would meet the same shortage: its reason says so. The supervisor starts
 * nothing again by itself.
 *
 * Not for `firstBy()`: a worker's place depends on how many others its owner has.
 *
 * @throws {SpillwayError} `ERR_SPILLWAY_INVALID_OPTION`
 */
export function byOwner(options: ByOwnerOptions = {}): KillPolicy {
  checkKeys('byOwner', options, ['idleBytes']);
  const { idleBytes = 0 } = options;
  const spareBelowBytes = parseBytes('idleBytes', idleBytes);
  const isSpare = (each: Candidate): boolean => each.idle && freeableBytesOf(each) < spareBelowBytes;
  const idleRules = byStartTime({ idleBytes });
  const finalRules = newestFirst();
  return {
    name: 'byOwner',
    rank: (candidates, need) => [
      ...idleRules.rank(candidates.filter((each) => each.idle && !isSpare(each)), need),
      ...rankOwners(candidates.filter((each) => !each.idle && each.retriable)),
      ...finalRules.rank(candidates.filter((each) => !each.idle && !each.retriable), need),
      ...idleRules.rank(candidates.filter(isSpare), need),
    ],
  };
}

/**
 * "The newest of the largest group, then again" without doing it again and again: a worker's turn comes
 * when its group is down to it and the older ones, and by then every larger group is down to as many.
 */
function rankOwners(candidates: readonly Candidate[]): Ranked[] {
  return groupsInOrder(candidates)
    .flatMap((group, groupPlace) => group.map((worker, place) => ({ worker, groupPlace, left: group.length - place })))
    .sort((a, b) => b.left - a.left || a.groupPlace - b.groupPlace)
    .map(({ worker, left }) => ({ id: worker.id, reason: reasonFor(worker, left) }));
}

/** Each group the newest first; the groups by their oldest worker, the newest first. */
function groupsInOrder(candidates: readonly Candidate[]): Candidate[][] {
  const groups = new Map<string | undefined, Candidate[]>();
  // From the newest to the oldest: each group is filled in its order, and ends with its oldest.
  for (const each of inOrder(candidates, [newestStartFirst])) {
    const owner = ownerOf(each);
    const group = groups.get(owner);
    if (group === undefined) groups.set(owner, [each]);
    else group.push(each);
  }
  const oldestOnes = [...groups.values()].flatMap((group) => group.slice(-1));
  return inOrder(oldestOnes, [newestStartFirst]).map((oldest) => groups.get(ownerOf(oldest)) ?? []);
}

/** `null` comes from JSON. */
function ownerOf({ owner }: Candidate): string | undefined {
  return owner ?? undefined;
}

function reasonFor(worker: Candidate, left: number): string {
  const owner = ownerOf(worker);
  const whose = owner === undefined ? 'without owner' : `of ${quoteOnOneLine(owner)}`;
  return left === 1
    ? `not to be retried: the last worker ${whose} that could be, it would meet the same shortage`
    : `can be retried, the newest of ${left} such workers ${whose}`;
}

// quote() escapes every line break but these.
function quoteOnOneLine(text: string): string {
  return quote(text).replace(/[\u007f-\u009f\u2028\u2029]/g, ' ');
}
