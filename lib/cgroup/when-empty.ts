import { isFailure, native } from '../native';
import type { Cgroup } from './cgroup';
import { cgroupError } from './cgroup-error';

/** In case a notification were lost: how often to look anyway. */
const safetyReadMs = 1000;

/**
 * Resolves when no live process is in the cgroup or below it, or when it is gone. Keeps the event
 * loop alive meanwhile. Rejects with the signal's reason when that comes first.
 *
 * @throws the `SpillwayError` of `cgroupError`
 */
export async function whenEmpty(cgroup: Cgroup, signal?: AbortSignal): Promise<void> {
  let wake = (): void => undefined;
  const onAbort = (): void => { wake(); };
  const watch = native().watchPopulated({ directory: cgroup.directory, safetyReadMs, keepAlive: true }, () => {
    wake();
  });
  if (isFailure(watch)) {
    if (cgroup.exists()) throw cgroupError(cgroup.directory, watch, 'watch');
    return;
  }
  signal?.addEventListener('abort', onAbort);
  try {
    for (;;) {
      // Before the look, so that a change in between is not missed.
      const change = new Promise<void>((resolve) => {
        wake = resolve;
      });
      if (!cgroup.populated()) return;
      signal?.throwIfAborted();
      await change;
    }
  } finally {
    signal?.removeEventListener('abort', onAbort);
    native().unwatch(watch);
  }
}
