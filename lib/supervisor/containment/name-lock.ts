import { closeSync, constants, fstatSync, ftruncateSync, openSync, readFileSync, statSync, unlinkSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SpillwayError } from '../../errors';
import { isFailure, native } from '../../native';
import { quote } from '../../options';
import { lockPatienceMs, lockRetryMs, ownerIsGone, ownerText } from '../../process/owner';
import { sleepNow } from '../../sleep-now';

/**
 * The ownership of a pool's name where there is no cgroup to lock: flock(2) on a file in the folder for
 * temporary files, which the kernel gives up with this process. Each user has names of his own.
 */
export class NameLock implements Disposable {
  private constructor(
    private readonly path: string,
    private fd: number | undefined,
  ) {}

  /** @throws ERR_SPILLWAY_NAME_IN_USE, ERR_SPILLWAY_PERMISSION */
  static take(name: string, runId: string): NameLock {
    const path = join(tmpdir(), `spillway-${process.getuid?.() ?? 0}-${name}.lock`);
    for (let waitedMs = 0; ; ) {
      const fd = openOwn(path);
      if (isFailure(native().lockFile(fd))) {
        const isGone = ownerIsGone(readFileSync(fd, 'utf8'));
        closeSync(fd);
        if (isGone && waitedMs < lockPatienceMs) {
          sleepNow(lockRetryMs);
          waitedMs += lockRetryMs;
          continue;
        }
        throw new SpillwayError(
          'ERR_SPILLWAY_NAME_IN_USE',
          `Another supervisor of this user that is alive has the name ${quote(name)} (it holds ${quote(path)}); close it, or choose another name`,
        );
      }
      // Its owner may have removed it just before the lock was ours; then it is another file.
      if (isAt(path, fd)) {
        ftruncateSync(fd);
        writeSync(fd, ownerText(runId), 0);
        return new NameLock(path, fd);
      }
      closeSync(fd);
    }
  }

  [Symbol.dispose](): void {
    if (this.fd === undefined) return;
    try {
      // Whoever cleans that folder may have been first; then it is the file of the next owner.
      if (isAt(this.path, this.fd)) unlinkSync(this.path);
    } catch {
      // It stays, and is nobody's.
    }
    closeSync(this.fd);
    this.fd = undefined;
  }
}

function isAt(path: string, fd: number): boolean {
  return statSync(path, { throwIfNoEntry: false })?.ino === fstatSync(fd).ino;
}

/** Others may write to that folder: no link is followed, and a file of somebody else's is not ours to lock. */
function openOwn(path: string): number {
  let fd: number | undefined;
  try {
    fd = openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o600);
    if (fstatSync(fd).uid === process.getuid?.()) return fd;
    throw new Error('it belongs to another user');
  } catch (cause) {
    if (fd !== undefined) closeSync(fd);
    throw new SpillwayError('ERR_SPILLWAY_PERMISSION', `Could not open ${quote(path)}, which guards the supervisor's name: ${String(cause)}; set TMPDIR to a folder of your own`, { cause });
  }
}
