import { SpillwayError } from '../errors';
import { Patience } from '../leases/patience';
import { unlessAborted } from '../leases/unless-aborted';
import { quote } from '../options';
import type { Clock } from '../clock';
import { textOf } from '../text-of';

/** Calls hooks of the user, each within its time. */
export class HookCalls {
  /** Of the calls under way: told to stop, they may go on until their time is over. */
  readonly #stops = new Set<AbortController>();
  /** Whose time is over, and which have not come to their end. */
  overdue = 0;
  #stopReason: SpillwayError | undefined;

  constructor(private readonly timeoutMs: number, private readonly clock: Clock) {}

  /**
   * What it gives within its time; what it gives later goes to `onLate`.
   *
   * @throws ERR_SPILLWAY_HOOK_FAILED, ERR_SPILLWAY_HOOK_TIMEOUT
   */
  async call<T>(name: string, hook: (signal: AbortSignal) => T | Promise<T>, onLate: (value: T) => void = () => undefined): Promise<T> {
    const stop = new AbortController();
    if (this.#stopReason !== undefined) stop.abort(this.#stopReason);
    this.#stops.add(stop);
    const running = called(name, () => hook(stop.signal));
    const patience = new Patience(undefined, this.clock);
    try {
      patience.limit(this.timeoutMs, () => new SpillwayError('ERR_SPILLWAY_HOOK_TIMEOUT', `${name} did not settle within ${this.timeoutMs} ms (hookTimeoutMs)`));
      return await unlessAborted(running, patience.signal);
    } catch (error) {
      if (patience.signal.aborted) {
        stop.abort(error);
        this.#abandon(running, onLate);
      }
      throw error;
    } finally {
      this.#stops.delete(stop);
      patience[Symbol.dispose]();
    }
  }

  /** Tells all that are under way, and those to come, that nobody needs them any more. */
  stop(reason: SpillwayError): void {
    this.#stopReason = reason;
    for (const stop of this.#stops) stop.abort(reason);
  }

  #abandon<T>(running: Promise<T>, onLate: (value: T) => void): void {
    this.overdue += 1;
    const end = (): void => {
      this.overdue -= 1;
    };
    running.then((value) => {
      end();
      onLate(value);
    }, end);
  }
}

async function called<T>(name: string, hook: () => T | Promise<T>): Promise<T> {
  // Not at once: it may call the pool, whose totals must be right by then.
  await Promise.resolve();
  try {
    return await hook();
  } catch (cause) {
    throw hookFailed(name, cause);
  }
}

export function hookFailed(name: string, cause: unknown): SpillwayError {
  return new SpillwayError('ERR_SPILLWAY_HOOK_FAILED', `${name} failed: ${textOf(cause)}`, { cause });
}

export function hookInvalid(name: string, expected: string, value: unknown): SpillwayError {
  return new SpillwayError('ERR_SPILLWAY_HOOK_INVALID', `Expected ${name} to return ${expected}, got ${quote(value)}`);
}
