import { SpillwayError } from '../../errors';
import { invalidOption, parseText, quote } from '../../options';
import type { OnDegraded } from '../containment/types';
import type { Clock } from '../../clock';
import type { Reclaimed } from '../types';
import { ReclaimTurns } from './reclaim-turns';
import { RunEnd } from './run-end';
import { textOf } from '../../text-of';

/** Anything that can give memory back without a kill: a cache, a pool of warm workers. */
export interface Reclaimer {
  /** For reports: 1 to 256 characters without control characters. Two may share one. */
  name: string;
  /**
   * Gives back about so many bytes of memory that counts against the pool, what is cheapest to lose
   * first, and returns how many it gave: a whole number from 0 to 2^53 - 1.
   *
   * The signal fires when the time is over: a relief round waits `reclaimBudgetMs` for all of them
   * together, and then kills. It is never called while a call of before has not returned.
   *
   * `idleBeforeMs` comes only to a reclaimer with `idleSinceMs`: what was used at or after that time can
   * stay, for another reclaimer has something older. `Infinity`: nobody has.
   */
  reclaim(bytes: number, signal: AbortSignal, idleBeforeMs?: number): Promise<number> | number;
  /**
   * When its least recently used part was last used, on the time line of `performance.now()`; `undefined`
   * while it has nothing to give. Reclaimers that tell are asked first, who has the oldest before the
   * others and only for what is older than theirs: together they are one least-recently-used list.
   */
  readonly idleSinceMs?: number | undefined;
}

export interface ReclaimRequest {
  bytes: number;
  /** For all of them together; `Infinity`: until it is done. 0: nobody is asked. */
  budgetMs: number;
  /** Ends the run early. */
  signal?: AbortSignal;
  clock: Clock;
}

interface Entry {
  readonly reclaimer: Reclaimer;
  readonly name: string;
  failing: boolean;
}

/** What is kept free of kills for as long as idle memory can be given back. */
export class Reclaimers {
  /** In order of registration. */
  readonly #entries = new Set<Entry>();
  readonly #busy = new WeakSet<Reclaimer>();

  /** Told once of one that fails, and again only after it has worked in between. Must not throw. */
  constructor(private readonly onDegraded: OnDegraded) {}

  /**
   * Disposing takes it out again: from then on it is not asked. One that was asked already is left to finish.
   *
   * @throws ERR_SPILLWAY_INVALID_OPTION for what is no reclaimer, or is added already
   */
  add(reclaimer: Reclaimer): Disposable {
    const given: unknown = reclaimer;
    if (typeof given !== 'object' || given === null) throw invalidOption('reclaimer', given, 'an object with a name and a function reclaim()');
    const { reclaim } = given as Record<string, unknown>;
    const name = parseText('reclaimer.name', (given as Record<string, unknown>)['name']);
    if (typeof reclaim !== 'function') throw invalidOption('reclaimer.reclaim', reclaim, 'a function');
    // Counted twice, what it gives would be asked for twice, and one dispose() would not take it out.
    if (Array.from(this.#entries).some((entry) => entry.reclaimer === reclaimer)) {
      throw new SpillwayError('ERR_SPILLWAY_INVALID_OPTION', `The reclaimer ${quote(name)} is added already; dispose of that first`);
    }
    const entry: Entry = { reclaimer, name, failing: false };
    this.#entries.add(entry);
    return { [Symbol.dispose]: () => void this.#entries.delete(entry) };
  }

  /**
   * Asks one after the other, each for what is still missing, until enough was given or the time is
   * over: by age those that tell it, then the others in order of registration. One entry for each
   * question. Never rejects.
   */
  async run({ bytes, budgetMs, signal, clock }: ReclaimRequest): Promise<Reclaimed[]> {
    const results: Reclaimed[] = [];
    // A relief round waits for it, and for its timer, where there is nobody to ask.
    if (this.#entries.size === 0) return results;
    const startedAtMs = clock.now();
    const end = new RunEnd(budgetMs, signal, clock);
    let missing = bytes;
    // A copy: one that takes itself out and in again would be asked for ever.
    const turns = new ReclaimTurns([...this.#entries]);
    for (let turn = turns.next(); turn !== undefined; turn = turns.next()) {
      // By the clock too: a timer does not fire while one reclaimer after the other blocks the thread.
      if (missing <= 0 || end.why !== undefined || clock.now() - startedAtMs >= budgetMs) break;
      const { entry, idleBeforeMs } = turn;
      if (!this.#entries.has(entry)) continue;
      const result = await this.#ask(entry, missing, idleBeforeMs, end, clock);
      results.push(result);
      missing -= result.givenBytes;
    }
    end.dispose();
    return results;
  }

  async #ask(entry: Entry, askedBytes: number, idleBeforeMs: number, end: RunEnd, clock: Clock): Promise<Reclaimed> {
    const startedAtMs = clock.now();
    const result = (givenBytes: number, error?: string): Reclaimed => ({
      name: entry.name, askedBytes, givenBytes, tookMs: clock.now() - startedAtMs, ...(error !== undefined && { error }),
    });
    if (this.#busy.has(entry.reclaimer)) return result(0, 'it was still busy with the run before');
    end.asked = new AbortController();
    try {
      const call = this.#call(entry.reclaimer, askedBytes, end.asked.signal, idleBeforeMs);
      const given: unknown = call instanceof Promise ? await Promise.race([call, end.reached]) : call;
      if (given === end) return result(0, end.why);
      if (!isBytes(given)) throw new TypeError(`it returned ${quote(given)}, which is no number of bytes`);
      entry.failing = false;
      return result(given);
    } catch (error) {
      const text = textOf(error);
      this.#tellOnce(entry, text, error);
      return result(0, text);
    } finally {
      end.asked = undefined;
    }
  }

  /** Busy until it has returned, however late: a promise that nobody waits for any more still clears it. */
  #call(reclaimer: Reclaimer, bytes: number, signal: AbortSignal, idleBeforeMs: number): unknown {
    this.#busy.add(reclaimer);
    const done = (): void => void this.#busy.delete(reclaimer);
    let isPending = false;
    try {
      const answer: unknown = reclaimer.reclaim(bytes, signal, idleBeforeMs);
      if (typeof answer !== 'object' || answer === null) return answer;
      isPending = true;
      return Promise.resolve(answer).finally(done);
    } finally {
      if (!isPending) done();
    }
  }

  #tellOnce(entry: Entry, text: string, cause: unknown): void {
    if (entry.failing) return;
    entry.failing = true;
    this.onDegraded(new SpillwayError('ERR_SPILLWAY_RECLAIMER_FAILED', `The reclaimer ${quote(entry.name)} gave nothing back: ${text}`, { cause }));
  }
}

function isBytes(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
