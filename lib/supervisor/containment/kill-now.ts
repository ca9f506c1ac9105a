import type { Cgroup } from '../../cgroup/cgroup';
import { sleepNow } from '../../sleep-now';

/** How long to wait for the processes' end, in milliseconds, and how often to look. */
const waitMs = 5000;
const lookMs = 5;
/** How often workers that were only just forked may come in. */
const passes = 100;

/** Kills all that is below a cgroup, waits for its end and removes it, synchronously: nothing else works while the process exits. */
export function killNow(cgroup: Cgroup): void {
  for (let pass = 0; pass < passes; pass++) {
    if (!emptied(cgroup)) return;
    try {
      for (const child of cgroup.children()) child.remove();
      return;
    } catch {
      // One has come in since; when its leaf is gone, none can.
    }
  }
}

/** Whether nobody is left in it. Killed again and again: who comes in after a kill lives. */
function emptied(cgroup: Cgroup): boolean {
  for (let waitedMs = 0; cgroup.populated() && waitedMs < waitMs; waitedMs += lookMs) {
    cgroup.write('cgroup.kill', '1');
    sleepNow(lookMs);
  }
  return !cgroup.populated();
}
