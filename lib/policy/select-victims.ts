import { freeableBytesOf } from './freeable-bytes';
import type { Candidate, KillNeed, Ranked } from './types';

/**
 * The shortest head of a ranking whose deaths cover the need: entries are taken until their
 * `freeableBytes` add up to `need.bytesToFree - need.dyingBytes`. Empty when that is 0 or less:
 * what is already dying is enough. All that may be taken when it cannot be covered.
 *
 * - `bytesToFree` has the kill buffer in it; nothing is added here. Of a candidate, `freeableBytes` alone
 *   counts: the rest of its `usage` (page cache, shared memory) may well stay when it is gone.
 * - Candidates below `need.minVictimBytes` come after all the others, in rank order, so they die only
 *   when the others do not cover the need. Unknown size counts 0 bytes, so it is below any minimum but 0.
 * - At most one victim that counts 0 bytes (size unknown, or known to be 0) is taken: the first in
 *   that order. Such a victim brings the sum no nearer, so nothing would stop the next one and the one
 *   after it from being taken too. What it gave back has to be read before another is chosen.
 * - An entry whose id is no candidate, or came before, is ignored.
 *
 * Pure. A supervisor that kills several at once should ask again after each: the first entry is
 * the only one that the snapshot fully justifies.
 */
export function selectVictims(ranked: readonly Ranked[], candidates: readonly Candidate[], need: KillNeed): Ranked[] {
  const { bytesToFree, dyingBytes, minVictimBytes = 0 } = need;
  const entries = withBytes(ranked, candidates);
  const isSmall = ({ bytes }: Entry): boolean => bytes < minVictimBytes;
  const inOrder = [...entries.filter((each) => !isSmall(each)), ...entries.filter(isSmall)];
  const victims: Ranked[] = [];
  let missingBytes = bytesToFree - dyingBytes;
  let tookZero = false;
  for (const { entry, bytes } of inOrder) {
    // Not `<= 0`: a need that is NaN must kill nobody, and NaN is never greater.
    if (!(missingBytes > 0)) break;
    if (bytes === 0 && tookZero) continue;
    tookZero ||= bytes === 0;
    missingBytes -= bytes;
    victims.push(entry);
  }
  return victims;
}

interface Entry {
  entry: Ranked;
  bytes: number;
}

/** Joins each rank entry with its candidate's bytes; drops strangers and repetitions. */
function withBytes(ranked: readonly Ranked[], candidates: readonly Candidate[]): Entry[] {
  const unseen = new Map(candidates.map((each) => [each.id, each]));
  return ranked.flatMap((entry) => {
    const candidate = unseen.get(entry.id);
    unseen.delete(entry.id);
    return candidate === undefined ? [] : [{ entry, bytes: freeableBytesOf(candidate) }];
  });
}
