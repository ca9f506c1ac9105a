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
