import { SpillwayError } from '../errors';
import { quote } from '../options';
import { textOf } from '../text-of';

/** The promise's result, or a rejection with the signal's reason if that comes first. Leaves no listener. */
export function unlessAborted<T>(work: PromiseLike<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void => {
      signal.removeEventListener('abort', abort);
      // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- the reason is the user's to choose
      reject(signal.reason);
    };
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort);
    work.then(
      (value) => {
        signal.removeEventListener('abort', abort);
        resolve(value);
      },
      (error: unknown) => {
        signal.removeEventListener('abort', abort);
        // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- whatever the work was rejected with
        reject(error);
      },
    );
  });
}

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
