import { SpillwayError } from '../errors';
import { quote } from '../options';
import { textOf } from '../text-of';

/** What a loader's function returns; what it throws, at once or later, becomes ERR_SPILLWAY_LOADER_FAILED. */
export async function loaded<T>(what: string, call: () => T | Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (cause) {
    throw loaderFailed(what, cause);
  }
}

export function loaderFailed(what: string, cause: unknown): SpillwayError {
  return new SpillwayError('ERR_SPILLWAY_LOADER_FAILED', `The loader's ${what} failed: ${textOf(cause)}`, { cause });
}

/** @throws ERR_SPILLWAY_LOADER_INVALID for `undefined` and `null` */
export function checkThere(what: string, value: unknown): void {
  if (value === undefined || value === null) throw new SpillwayError('ERR_SPILLWAY_LOADER_INVALID', `Expected the loader's ${what} to return something, got ${quote(value)}`);
}

/** @throws ERR_SPILLWAY_LOADER_INVALID */
export function checkBytes(what: string, value: unknown): number {
  if (Number.isSafeInteger(value) && (value as number) >= 0) return value as number;
  throw new SpillwayError('ERR_SPILLWAY_LOADER_INVALID', `Expected the loader's ${what} to be a number of bytes from 0 to 2^53 - 1, got ${quote(value)}`);
}
