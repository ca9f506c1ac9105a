import { SpillwayError } from '../errors';
import type { Patience } from '../leases/patience';
import { unlessAborted } from '../leases/unless-aborted';
import { quote } from '../options';
import type { ParsedCache } from './cache-options';
import type { CodeRecord } from './code-shelf';
import { Held } from './held';
import type { Inventory } from './inventory';
import { checkBytes, checkThere, loaded, loaderFailed } from './loader-call';
import type { Seat } from './seat';

/** Makes the instance of a seat, and its code where there is none: all of it, or nothing is left. Its code is pinned. */
export async function makeInstance<M, I>(seat: Seat<M, I>, { loader, loadTimeoutMs }: ParsedCache<M, I>, inventory: Inventory<M, I>, patience: Patience): Promise<Held<M, I>> {
  const { name, group, signature } = seat;
  const { signal } = patience;
  signal.throwIfAborted();
  inventory.countNew();
  let code: CodeRecord<M> | undefined;
  try {
    patience.limit(loadTimeoutMs, () => new SpillwayError('ERR_SPILLWAY_LOADER_TIMEOUT', `The loader gave no instance of ${quote(name)} within ${loadTimeoutMs} ms (loadTimeoutMs)`));
    code = await inventory.code.open(name, signature, signal);
    const { module } = code;
    const making = loaded('instantiate()', () => loader.instantiate(module as M, { name, group, signature, signal }));
    let isLate = false;
    making.then((instance) => {
      if (!isLate) return;
      inventory.doom(instance, 0);
      inventory.destroyDoomed();
    }, () => undefined);
    const instance = await unlessAborted(making, signal).catch((error: unknown) => {
      isLate = true;
      throw error;
    });
    checkThere('instantiate()', instance);
    const held = new Held(instance, seat, code);
    try {
      held.bytes = measured(loader, instance);
      signal.throwIfAborted();
    } catch (error) {
      inventory.doom(instance, 0);
      throw error;
    }
    return held;
  } catch (error) {
    inventory.cancel();
    if (code !== undefined) inventory.code.unpin(code);
    inventory.destroyDoomed();
    throw error;
  }
}

/** @throws ERR_SPILLWAY_LOADER_FAILED, ERR_SPILLWAY_LOADER_INVALID */
export function measured<I>(loader: { measure(instance: I): number }, instance: I): number {
  let bytes: unknown;
  try {
    bytes = loader.measure(instance);
  } catch (error) {
    throw loaderFailed('measure()', error);
  }
  return checkBytes('measure()', bytes);
}
