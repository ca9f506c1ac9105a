import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { stateOf } from './process-state';
import type { Taker } from './takers';
import { until } from './test-cgroup';

/** Only where the disk is nobody else's: who writes to a frozen one stands still. */
export const testOnFrozenDisk = existsSync('/scratch') ? test : test.skip;

interface FrozenDisk {
  /** Who writes to a file there sleeps in the kernel from now on, and no signal ends that. */
  freeze: (file: string) => void;
  thaw: () => void;
}

/** Call it at the top of a file, before what waits for the ends of workers: the disk is thawed after each test. */
export function useFrozenDisk(): FrozenDisk {
  let frozen: string | undefined;
  const thaw = (): void => {
    if (frozen !== undefined) execFileSync('fsfreeze', ['--unfreeze', frozen]);
    frozen = undefined;
  };
  afterEach(thaw);
  return {
    freeze(file) {
      const folder = dirname(file);
      execFileSync('fsfreeze', ['--freeze', folder]);
      frozen = folder;
    },
    thaw,
  };
}

/** Has it write to a file on the frozen disk, with its children. Resolves when all of them sleep. */
export async function sleepOn(file: string, taker: Taker, ...children: number[]): Promise<void> {
  taker.tell(`write ${file}`);
  await until('them to sleep', () => [taker.pid, ...children].every((pid) => stateOf(pid) === 'D'));
}
