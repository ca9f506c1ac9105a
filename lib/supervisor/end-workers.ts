import { setTimeout as delay } from 'node:timers/promises';
import type { CloseSettings } from './close-options';
import type { WorkerProcess } from './worker-process';

/**
 * Ends workers by degrees: waits for them, asks them, kills them. Resolves when all have ended or have
 * been killed. `hurry` ends the waiting, the signal of the settings the asking too.
 */
export async function endWorkers(workers: readonly WorkerProcess[], { drain, graceMs, signal }: CloseSettings, hurry: AbortSignal): Promise<void> {
  const over = new AbortController();
  const allEnded = Promise.all(workers.map(({ exited }) => exited));
  const waitFor = (...cuts: (AbortSignal | undefined)[]): Promise<unknown> => Promise.race([allEnded, ...cuts.map((cut) => abortOf(cut, over.signal))]);
  try {
    if (drain) await waitFor(hurry, signal);
    if (graceMs > 0 && signal?.aborted !== true && workers.some((worker) => !worker.dying)) {
      for (const worker of workers) worker.askToEnd({ for: 'close' });
      const grace = delay(graceMs, undefined, { signal: over.signal }).catch(() => undefined);
      await Promise.race([waitFor(signal), grace]);
    }
    for (const worker of workers) worker.kill({ for: 'close' });
  } finally {
    over.abort();
  }
}

/** Settles when a signal aborts, or when nobody waits for it any more. */
function abortOf(signal: AbortSignal | undefined, over: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted === true) resolve();
    else signal?.addEventListener('abort', () => { resolve(); }, { once: true, signal: over });
  });
}
