import type { Reclaimer } from './reclaimers';

export interface ReclaimTurn<E> {
  entry: E;
  /** It need not give what was used at or after this time. */
  idleBeforeMs: number;
}

/** Whose turn it is in one run: who has the oldest idle memory, and at last those that tell no age. */
export class ReclaimTurns<E extends { readonly reclaimer: Reclaimer }> {
  /** Where each stood when it was asked last: one that has come no further has no more to give. */
  readonly #askedAtMs = new Map<E, number>();
  readonly #ageless: E[];
  readonly #aged: E[];

  constructor(entries: readonly E[]) {
    this.#ageless = entries.filter(({ reclaimer }) => !('idleSinceMs' in reclaimer));
    this.#aged = entries.filter(({ reclaimer }) => 'idleSinceMs' in reclaimer);
  }

  next(): ReclaimTurn<E> | undefined {
    const [oldest, second] = this.#aged
      .map((entry) => ({ entry, sinceMs: idleSince(entry.reclaimer) }))
      .filter(({ entry, sinceMs }) => sinceMs > (this.#askedAtMs.get(entry) ?? -Infinity) && sinceMs < Infinity)
      .sort((a, b) => a.sinceMs - b.sinceMs);
    if (oldest !== undefined) {
      this.#askedAtMs.set(oldest.entry, oldest.sinceMs);
      // Those of the very same age are one turn.
      return { entry: oldest.entry, idleBeforeMs: second === undefined ? Infinity : Math.max(second.sinceMs, nextUp(oldest.sinceMs)) };
    }
    const entry = this.#ageless.shift();
    return entry && { entry, idleBeforeMs: Infinity };
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
