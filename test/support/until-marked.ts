import type { ChildProcess } from 'node:child_process';
import { readMarker } from '../../lib/process/worker-marker';

/**
 * `spawn()` returns when the old program's descriptors are closed, which is a moment before the kernel
 * shows the new one's environment. Blocks for that moment.
 */
export function untilMarked(child: ChildProcess): ChildProcess {
  const { pid = 0 } = child;
  for (let looks = 0; readMarker({ pid }) === undefined; looks++) if (looks > 1e5) throw new Error('waited in vain for its environment');
  return child;
}
