import { constants } from 'node:fs';
import { open, rename, type FileHandle } from 'node:fs/promises';

/**
 * Not through a symbolic link, which anybody may have put there; not waiting for the other end of a FIFO. To be read,
 * too, because the last byte tells whether the line before is whole.
 */
const openFlags = constants.O_RDWR | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW | constants.O_NONBLOCK | constants.O_NOCTTY;
/** Reports hold names of workers and their labels: for their owner only. */
const fileMode = 0o600;

const newline = '\n'.charCodeAt(0);

/**
 * Appends one line by one write. When the file would grow beyond `maxFileBytes` it becomes `PATH.1`, in the place of an
 * older one, and a new file is begun. Rejects with the error of the system call; nothing of the line is in the file then,
 * unless that cannot be undone either, and then the next line begins on a new one.
 *
 * Opened anew for each line: reports are rare, and a file that was moved away or a directory that came back is noticed.
 */
export async function appendLine(path: string, line: string, maxFileBytes: number): Promise<void> {
  const bytes = Buffer.from(`${line}\n`);
  let file = await openRegular(path);
  try {
    const { size } = await file.stat();
    // Of a line that was torn off the end is missing: one byte more.
    if (size > 0 && size + bytes.length + 1 > maxFileBytes) {
      await rename(path, `${path}.1`);
      await file.close();
      file = await openRegular(path);
    }
    await append(file, bytes);
  } finally {
    await file.close();
  }
}

async function openRegular(path: string): Promise<FileHandle> {
  const file = await open(path, openFlags, fileMode);
  if ((await file.stat()).isFile()) return file;
  await file.close();
  throw new Error('it is no regular file');
}

async function append(file: FileHandle, line: Buffer): Promise<void> {
  const { size } = await file.stat();
  const bytes = (await endsTorn(file, size)) ? Buffer.concat([Buffer.of(newline), line]) : line;
  const { bytesWritten } = await file.write(bytes);
  if (bytesWritten === bytes.length) return;
  // The disk became full in the middle of it.
  await file.truncate(size);
  throw Object.assign(new Error(`only ${bytesWritten} of ${bytes.length} bytes could be written`), { code: 'ENOSPC' });
}

/** Whether whoever wrote before was killed, or the machine went down, in the middle of a line. */
async function endsTorn(file: FileHandle, size: number): Promise<boolean> {
  if (size === 0) return false;
  const { bytesRead, buffer } = await file.read(Buffer.alloc(1), 0, 1, size - 1);
  return bytesRead === 1 && buffer[0] !== newline;
}
