/** Stops this thread for some milliseconds. Only where nothing else can wait: while the process exits, or for a lock that is about to be free. */
export function sleepNow(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
