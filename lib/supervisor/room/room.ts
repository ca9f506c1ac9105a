import type { MemoryLimiter } from '../../accounting/memory-limiter';
import { SpillwayError } from '../../errors';
import type { Clock } from '../../clock';
import type { PoolState, Reclaimed } from '../types';
import { EarlyReclaim } from './early-reclaim';
import { every as systemEvery, type Every, type Ticker } from '../../every';
import type { Fill } from './fill';
import { FillReader } from './fill-reader';
import { Level } from './level';
import { PromisedBytes } from './promised-bytes';
import type { Reclaimers } from './reclaimers';
import type { ParsedRoom } from './room-options';
import { parseWaitOptions, type WaitForRoomOptions } from './wait-options';
import { WaitingLine } from './waiting-line';

/** The callbacks and `measure` must not throw. */
export interface RoomContext extends ParsedRoom {
  /** How the pool stands; `undefined` when nobody can tell, or nothing is watched: then there is always room. */
  measure: () => PoolState | undefined;
  /** Of the pool's own mark, from `exactFrom()` on. Its samples then stand in for `measure`, also between two intervals. Stopped with the room. */
  limiter?: Pick<MemoryLimiter, 'status' | 'stop'> | undefined;
  reclaimers: Pick<Reclaimers, 'run'>;
  /** `accepting` has changed. */
  onAccepting: (accepting: boolean) => void;
  /** The pool has passed `warnAt`. Not told again before it was some way below. */
  onWarn: (fill: Fill) => void;
  /** Of runs before the mark, those that asked somebody. */
  onReclaimed: (results: Reclaimed[]) => void;
  clock: Clock;
  /** Default `setInterval`. */
  every?: Every;
}

/**
 * What is done before the mark, where it costs nobody any time: idle memory is given back, workers are
 * warned, intake waits. At the mark, a relief round takes over: `pause()`, and `resume()` at its end.
 */
export class Room {
  readonly #line: WaitingLine;
  readonly #spawns: WaitingLine;
  readonly #slow: Level;
  readonly #warn: Level;
  readonly #reclaim: EarlyReclaim;
  readonly #promised = new PromisedBytes();
  readonly #fill: FillReader;
  #ticker: Ticker | undefined;
  #paused = false;
  #stopped = false;
  #told = true;

  constructor(private readonly context: RoomContext) {
    const { levels, clock, measure, limiter } = context;
    this.#fill = new FillReader(measure, limiter);
    this.#slow = new Level(levels.slowAt);
    this.#warn = new Level(levels.warnAt);
    this.#reclaim = new EarlyReclaim({
      reclaimers: context.reclaimers,
      reclaimAt: levels.reclaimAt,
      clock,
      onReclaimed: (results) => {
        if (!this.#stopped) context.onReclaimed(results);
      },
    });
    // Who waits for room has work to do: the process must not end for want of anything else.
    this.#line = new WaitingLine((bytes) => this.#admit(bytes), clock, (length) => {
      if (length > 0) this.#ticker?.ref();
      else this.#ticker?.unref();
    });
    this.#spawns = new WaitingLine(() => this.accepting, clock);
  }

  /** Whether new work is welcome, by the last measurement. */
  get accepting(): boolean {
    return !this.#stopped && !this.#paused && !this.#slow.passed;
  }

  /** Measures now, and from now on in regular intervals, which do not keep the process alive. */
  start(): void {
    if (this.#stopped || this.#ticker !== undefined) return;
    this.#ticker = (this.context.every ?? systemEvery)(this.context.intervalMs, () => {
      // A relief round measures for itself.
      if (!this.#paused && !this.#takeSample()) this.measureNow();
    });
    this.measureNow();
  }

  /** Measures, and does what follows from it; while paused nothing but the levels changes. */
  measureNow(): void {
    if (this.#stopped) return;
    this.#fill.measure();
    this.#follow();
  }

  /** The same by the last sample, for next to nothing. `false`: nobody samples. */
  #takeSample(): boolean {
    if (!this.#fill.takeSample()) return false;
    this.#follow();
    return true;
  }

  #follow(): void {
    const fill = this.#fill.last;
    this.#slow.update(fill);
    const warns = this.#warn.update(fill);
    if (!this.#paused) this.#reclaim.look(fill);
    if (warns && fill !== undefined) this.context.onWarn(fill);
    this.#advance();
  }

  /** A relief round begins: nobody gets in, and a run of reclaimers is stopped, so that the round can ask them. Not counted. */
  pause(): void {
    this.#paused = true;
    this.#reclaim.stop();
    this.#advance();
  }

  /** The relief round is over. */
  resume(): void {
    this.#paused = false;
    this.measureNow();
  }

  /** For good: nobody gets in any more, and all who wait are turned away with ERR_SPILLWAY_STOPPED. */
  stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#ticker?.stop();
    this.context.limiter?.stop();
    this.#reclaim.stop();
    this.#line.dissolve(stoppedError());
    this.#spawns.dissolve(stoppedError());
    this.#advance();
  }

  /**
   * Resolves when work that is going to use so many bytes may start: the pool is accepting, and they fit
   * below `slowAt` of the mark, on top of what cannot be reclaimed and of what those let in during the
   * last second asked for (their memory may not show yet).
   *
   * First come, first served: the first one in line keeps smaller ones behind it waiting, so that it gets
   * in at all. Where nothing is watched it resolves at once. Waiting keeps the process alive. The line
   * has no limit of its own: it is as long as its callers make it.
   *
   * @throws ERR_SPILLWAY_INVALID_OPTION, also for more bytes than the pool could ever hold;
   *   ERR_SPILLWAY_TIMEOUT after `timeoutMs`; ERR_SPILLWAY_STOPPED when the supervisor is closed; the
   *   reason of the signal. All of them by rejecting.
   */
  async waitForRoom(options: WaitForRoomOptions = {}): Promise<void> {
    const wish = parseWaitOptions(options);
    if (this.#stopped) throw stoppedError();
    if (!this.#paused) this.#takeSample();
    // Now, not when its turn comes.
    const refusal = this.#refusalOf(wish.bytes);
    if (refusal !== undefined) throw refusal;
    await this.#line.wait(wish);
  }

  /**
   * For a spawn that did not ask: waits while the pool is full, but no longer than `maxSpawnDelayMs`, and
   * then goes ahead. A pool that services hold just below the mark must not stop it for ever.
   *
   * @throws ERR_SPILLWAY_STOPPED when the supervisor is closed meanwhile; the reason of the signal
   */
  async slowDown({ signal }: { signal?: AbortSignal } = {}): Promise<void> {
    if (this.#stopped) throw stoppedError();
    if (!this.#paused) this.#takeSample();
    await this.#spawns.wait({ bytes: 0, signal, timeoutMs: this.context.maxSpawnDelayMs, whenLate: 'let in' });
  }

  /** Tells of a change before anybody is let in by it. */
  #advance(): void {
    const { accepting } = this;
    if (accepting !== this.#told) {
      this.#told = accepting;
      this.context.onAccepting(accepting);
    }
    this.#spawns.advance();
    this.#line.advance();
  }

  #admit(bytes: number): boolean | SpillwayError {
    // Again: the mark may have been lowered, and then it would block the line for ever.
    const refusal = this.#refusalOf(bytes);
    if (refusal !== undefined) return refusal;
    if (!this.accepting) return false;
    const limitBytes = this.#limitBytes();
    if (limitBytes === Infinity) return true;
    const nowMs = this.context.clock.now();
    if (this.#heldBytes(nowMs) + bytes > limitBytes) {
      // What a sample counted may be page cache.
      if (!this.#fill.refine() || this.#heldBytes(nowMs) + bytes > limitBytes) return false;
    }
    this.#promised.add(bytes, nowMs);
    return true;
  }

  #heldBytes(nowMs: number): number {
    return (this.#fill.last?.pinnedBytes ?? 0) + this.#promised.sumAt(nowMs);
  }

  #refusalOf(bytes: number): SpillwayError | undefined {
    const limitBytes = this.#limitBytes();
    if (bytes <= limitBytes) return undefined;
    return new SpillwayError(
      'ERR_SPILLWAY_INVALID_OPTION',
      `There can never be room for ${bytes} bytes: the pool takes work up to ${Math.floor(limitBytes)} bytes, ` +
        `${this.context.levels.slowAt} of its mark. Ask for less, or raise the mark`,
    );
  }

  #limitBytes(): number {
    const fill = this.#fill.last;
    return fill === undefined ? Infinity : this.context.levels.slowAt * fill.markBytes;
  }
}

function stoppedError(): SpillwayError {
  return new SpillwayError('ERR_SPILLWAY_STOPPED', 'The supervisor is closed: it starts no more work');
}
