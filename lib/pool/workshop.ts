import type { SpillwayError } from '../errors';
import { HookCalls, hookFailed, hookInvalid } from './hook-calls';
import type { Resident } from './resident';
import type { SlotOutcome } from './types';
import type { ParsedWarmPool } from './warm-options';
import type { EndReason } from './warm-types';

/** Has the user's hooks make, check, reset, measure and destroy resources. What fails is counted, and told where nobody waits for it. */
export class Workshop<R, K> {
  readonly calls: HookCalls;
  failed = 0;
  /** Resources that came after their time. */
  late = 0;

  constructor(private readonly options: ParsedWarmPool<R, K>, private readonly onDegraded: (error: SpillwayError) => void) {
    this.calls = new HookCalls(options.hookTimeoutMs, options.clock);
  }

  /** @throws ERR_SPILLWAY_HOOK_FAILED, ERR_SPILLWAY_HOOK_INVALID, ERR_SPILLWAY_HOOK_TIMEOUT */
  async make(key: K, lost: () => void): Promise<R> {
    try {
      const resource = await this.calls.call<R>('create()', (signal) => this.options.hooks.create({ key, signal, lost }), (late) => {
        if (!isThere(late)) return;
        this.late += 1;
        void this.destroy(late);
      });
      if (!isThere(resource)) throw hookInvalid('create()', 'a resource', resource);
      return resource;
    } catch (error) {
      this.failed += 1;
      throw error;
    }
  }

  /** Why a resource that was idle cannot be used by this key; else it was reset for it, if that had to be. */
  async whyUnfit(resident: Resident<R, K>, outcome: SlotOutcome, key: K): Promise<EndReason | undefined> {
    const { hooks } = this.options;
    const { resource } = resident;
    if (outcome === 'steal' && hooks.reset === undefined) return 'stolen';
    try {
      if (hooks.check !== undefined) {
        const isHealthy: unknown = await this.calls.call('check()', (signal) => hooks.check?.(resource, signal));
        if (typeof isHealthy !== 'boolean') throw hookInvalid('check()', 'true or false', isHealthy);
        if (!isHealthy) return 'unhealthy';
      }
      if (outcome === 'steal') {
        const isClean = await this.calls.call('reset()', (signal) => hooks.reset?.(resource, { key, previousKey: resident.key, signal }));
        if (isClean === false) return 'stolen';
        resident.key = key;
      }
    } catch (error) {
      this.#degrade(error);
      return 'failed';
    }
    resident.outcome = outcome === 'steal' ? 'reset' : 'hit';
    return resident.isLost ? 'lost' : undefined;
  }

  /** `undefined` when it cannot be measured. */
  measure(resource: R): number | undefined {
    const { hooks } = this.options;
    if (hooks.measure === undefined) return 0;
    let bytes: unknown;
    try {
      bytes = hooks.measure(resource);
    } catch (error) {
      this.#degrade(hookFailed('measure()', error));
      return undefined;
    }
    if (Number.isSafeInteger(bytes) && (bytes as number) >= 0) return bytes as number;
    this.#degrade(hookInvalid('measure()', 'a number of bytes from 0 to 2^53 - 1', bytes));
    return undefined;
  }

  /** Whether it could be. Never rejects. */
  destroy(resource: R): Promise<boolean> {
    const { hooks } = this.options;
    if (hooks.destroy === undefined) return Promise.resolve(true);
    return this.calls.call('destroy()', () => hooks.destroy?.(resource)).then(() => true, (error: unknown) => {
      this.#degrade(error);
      return false;
    });
  }

  #degrade(error: unknown): void {
    this.failed += 1;
    this.onDegraded(error as SpillwayError);
  }
}

function isThere(resource: unknown): boolean {
  return resource !== undefined && resource !== null;
}
