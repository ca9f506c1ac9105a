import { closeSync, openSync, readSync } from 'node:fs';
import { sleepNow } from '../sleep-now';
import { maxReportLength } from '../supervisor/reports/format-report';

/** A file of reports has 16 MiB by default; what is so much larger is another file, or many together. */
export const maxInputBytes = 256 * 2 ** 20;

const chunkBytes = 2 ** 16;
/** How long to wait for input that is not there yet, in milliseconds. */
const retryMs = 10;
const newline = '\n'.charCodeAt(0);

/**
 * The lines of a file, or of standard input (`'-'`), read piece by piece. `undefined` in the place of a line that is
 * longer than any report: it is read over, not kept.
 *
 * @throws the error of the system call, and a RangeError when there is more than `maxInputBytes`
 */
export function* readLines(file: string): Generator<string | undefined> {
  const fd = file === '-' ? 0 : openSync(file, 'r');
  try {
    yield* linesOf(chunksOf(fd));
  } finally {
    if (fd !== 0) closeSync(fd);
  }
}

function* chunksOf(fd: number): Generator<Buffer> {
  let total = 0;
  for (;;) {
    const chunk = Buffer.allocUnsafe(chunkBytes);
    const count = readPatiently(fd, chunk);
    if (count === 0) return;
    total += count;
    if (total > maxInputBytes) throw new RangeError(`there is more than ${maxInputBytes / 2 ** 20} MiB`);
    yield chunk.subarray(0, count);
  }
}

/** Whoever shares standard input may have made it non-blocking. */
function readPatiently(fd: number, chunk: Buffer): number {
  for (;;) {
    try {
      return readSync(fd, chunk, 0, chunk.length, null);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
      sleepNow(retryMs);
    }
  }
}

function* linesOf(chunks: Iterable<Buffer>): Generator<string | undefined> {
  let parts: Buffer[] = [];
  let length = 0;
  const add = (part: Buffer): void => {
    length += part.length;
    if (length <= maxReportLength) parts.push(part);
    else parts = [];
  };
  const take = (): string | undefined => {
    const line = length <= maxReportLength ? Buffer.concat(parts).toString() : undefined;
    parts = [];
    length = 0;
    return line;
  };
  for (const chunk of chunks) {
    let from = 0;
    for (let to = chunk.indexOf(newline); to >= 0; to = chunk.indexOf(newline, from)) {
      add(chunk.subarray(from, to));
      yield take();
      from = to + 1;
    }
    add(chunk.subarray(from));
  }
  if (length > 0) yield take();
}
