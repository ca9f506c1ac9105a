import type { Reclaimer } from './reclaimers';

export interface ReclaimTurn {
  reclaimer: Reclaimer;
  /** It need not give what was used at or after this time. */
  idleBeforeMs: number;
}

/** Whose turn it is in one run: who has the oldest idle memory, and at last those that tell no age. */
export class ReclaimTurns {
  /** Where each stood when it was asked last: one that has come no further has no more to give. */
  readonly #askedAtMs = new Map<Reclaimer, number>();
  readonly #ageless: Reclaimer[];
  readonly #aged: Reclaimer[];

  constructor(reclaimers: readonly Reclaimer[]) {
    this.#ageless = reclaimers.filter((each) => !('idleSinceMs' in each));
    this.#aged = reclaimers.filter((each) => 'idleSinceMs' in each);
  }

  next(): ReclaimTurn | undefined {
    const ages = this.#aged
      .map((reclaimer) => ({ reclaimer, sinceMs: idleSince(reclaimer) }))
      .filter(({ reclaimer, sinceMs }) => sinceMs > (this.#askedAtMs.get(reclaimer) ?? -Infinity) && sinceMs < Infinity)
      .sort((a, b) => a.sinceMs - b.sinceMs);
    const [oldest, second] = ages;
    if (oldest !== undefined) {
      this.#askedAtMs.set(oldest.reclaimer, oldest.sinceMs);
      // Those of the very same age are one turn.
      return { reclaimer: oldest.reclaimer, idleBeforeMs: second === undefined ? Infinity : Math.max(second.sinceMs, nextUp(oldest.sinceMs)) };
    }
    const reclaimer = this.#ageless.shift();
    return reclaimer && { reclaimer, idleBeforeMs: Infinity };
  }
}

/** Infinity: it has nothing, or tells nonsense. */
function idleSince(reclaimer: Reclaimer): number {
  try {
    const sinceMs: unknown = reclaimer.idleSinceMs;
    return typeof sinceMs === 'number' && sinceMs > -Infinity ? sinceMs : Infinity;
  } catch {
    return Infinity;
  }
}

/** A time that is certainly later: the clock's resolution is far coarser. */
function nextUp(ms: number): number {
  return ms + 0.001;
}
