/** Calls `make` at most once in so many milliseconds, and never twice at a time: who asks meanwhile gets the same result, a rejection too. */
export function atMostEvery<T>(ms: number, make: () => Promise<T>): () => Promise<T> {
  let made: { result: Promise<T>; doneAtMs: number } | undefined;
  return () => {
    if (made !== undefined && performance.now() - made.doneAtMs < ms) return made.result;
    const making = { result: make(), doneAtMs: Infinity };
    const done = (): void => { making.doneAtMs = performance.now(); };
    making.result.then(done, done);
    made = making;
    return making.result;
  };
}
