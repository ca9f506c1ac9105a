import { readFile } from 'node:fs/promises';
import { totalmem } from 'node:os';
import { dirname, join } from 'node:path';

const MiB = 2 ** 20;
const GiB = 2 ** 30;

/**
 * The default of `memory.high` for a pool: what is there, less a reserve for the supervisor and the
 * system of 10 %, at least 500 MiB and at most 10 GiB, but never more than a quarter.
 */
export function defaultHighBytes(totalBytes: number): number {
  const reserve = Math.min(Math.max(totalBytes * 0.1, 500 * MiB), 10 * GiB, totalBytes * 0.25);
  return Math.floor(totalBytes - reserve);
}

/** The lowest memory.max or memory.high of a cgroup and its visible ancestors, or the machine's memory. */
export async function totalBytes(directory: string): Promise<number> {
  let total = totalmem();
  for (let at = directory; at !== dirname(at); at = dirname(at)) {
    // An ancestor at its memory.high throttles the pool just as well, before the pool's own mark is heard.
    for (const file of ['memory.max', 'memory.high']) {
      const text = await readFile(join(at, file), 'utf8').catch(() => 'max');
      if (/^\d+\n?$/.test(text)) total = Math.min(total, Number(text));
    }
  }
  return total;
}
