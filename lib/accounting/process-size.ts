import { readFile } from 'node:fs/promises';
import type { Measured } from './sampled-figure';

/**
 * How much memory one process has, by the best file that tells: `Pss` of smaps_rollup, else `VmRSS` of status.
 * `undefined`: neither does.
 *
 * The kernel walks all pages of the process for the first; with `node:fs/promises` that is done in a thread of libuv,
 * where it does not keep JavaScript waiting. Source: Documentation/filesystems/proc.rst.
 *
 * @throws the error of node:fs when it cannot be known, such as EMFILE
 */
export async function readProcessSize(pid: number, procRoot = '/proc'): Promise<Measured | undefined> {
  const pssBytes = figureIn(await read(`${procRoot}/${pid}/smaps_rollup`), /^Pss: +(\d{1,16}) kB$/m);
  if (pssBytes !== undefined) return { bytes: pssBytes, source: 'pss', confidence: 'fair-share' };
  const rssBytes = figureIn(await read(`${procRoot}/${pid}/status`), /^VmRSS:\t *(\d{1,16}) kB$/m);
  return rssBytes === undefined ? undefined : { bytes: rssBytes, source: 'rss', confidence: 'upper-bound' };
}

/** Too old a kernel, a process of somebody else's, or one that is gone: another file may tell. */
const noAnswer: readonly unknown[] = ['ENOENT', 'ESRCH', 'EACCES', 'EPERM'];

async function read(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (noAnswer.includes((error as NodeJS.ErrnoException).code)) return '';
    throw error;
  }
}

function figureIn(text: string, line: RegExp): number | undefined {
  const kibibytes = line.exec(text)?.[1];
  return kibibytes === undefined ? undefined : Math.min(Number.MAX_SAFE_INTEGER, Number(kibibytes) * 1024);
}
