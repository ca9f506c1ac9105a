import { isFailure, native } from '../native';
import type { Cgroup } from './cgroup';
import { cgroupError } from './cgroup-error';

/** In case a notification were lost: how often to look anyway. */
const safetyReadMs = 1000;

/**
 * Resolves when no live process is in the cgroup or below it, or when it is gone. Keeps the event
 * loop alive meanwhile.
 *
 * @throws the `SpillwayError` of `cgroupError`
 */
export async function whenEmpty(cgroup: Cgroup): Promise<void> {
  let wake = (): void => undefined;
  const watch = native().watchPopulated({ directory: cgroup.directory, safetyReadMs, keepAlive: true }, () => {
    wake();
  });
  if (isFailure(watch)) {
    if (await cgroup.exists()) throw cgroupError(cgroup.directory, watch, 'watch');
    return;
  }
  try {
    for (;;) {
      // Before the look, so that a change in between is not missed.
      const change = new Promise<void>((resolve) => {
        wake = resolve;
      });
      if (!(await cgroup.populated())) return;
      await change;
    }
  } finally {
    native().unwatch(watch);
  }
}
