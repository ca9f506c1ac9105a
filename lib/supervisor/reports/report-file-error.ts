import { SpillwayError, type ErrorCode } from '../../errors';
import { quote } from '../../options';

/** What went wrong with the file of reports, and what to do about it. */
export function reportFileError(path: string, cause: unknown): SpillwayError {
  const name = (cause as NodeJS.ErrnoException | undefined)?.code ?? '';
  const [code, why] = causes[name] ?? ['ERR_SPILLWAY_SYSTEM', cause instanceof Error ? cause.message : String(cause)];
  return new SpillwayError(code, `Could not write a relief report to ${quote(path)}: ${why}; the last reports are still in supervisor.reports`, { cause });
}

const notAllowed = 'this user may not write there; check the owner and the mode of the file and of its directory';
const causes: Readonly<Record<string, readonly [ErrorCode, string]>> = {
  EACCES: ['ERR_SPILLWAY_PERMISSION', `${notAllowed} (EACCES)`],
  EPERM: ['ERR_SPILLWAY_PERMISSION', `${notAllowed} (EPERM)`],
  EROFS: ['ERR_SPILLWAY_PERMISSION', 'the file system is read-only (EROFS)'],
  ELOOP: ['ERR_SPILLWAY_PERMISSION', 'it is a symbolic link, which is not followed because anybody could have put it there; name the file itself (ELOOP)'],
  ENOSPC: ['ERR_SPILLWAY_SYSTEM_LIMIT', 'the disk is full (ENOSPC)'],
  EDQUOT: ['ERR_SPILLWAY_SYSTEM_LIMIT', "this user's disk quota is used up (EDQUOT)"],
  EMFILE: ['ERR_SPILLWAY_SYSTEM_LIMIT', "this process has no file descriptor left; raise the limit with 'ulimit -n' (EMFILE)"],
  ENFILE: ['ERR_SPILLWAY_SYSTEM_LIMIT', 'the system has no file descriptor left; raise fs.file-max (ENFILE)'],
  ENOENT: ['ERR_SPILLWAY_SYSTEM', 'its directory does not exist; make it, the next report tries again (ENOENT)'],
  ENOTDIR: ['ERR_SPILLWAY_SYSTEM', 'a part of its path is no directory (ENOTDIR)'],
  EISDIR: ['ERR_SPILLWAY_SYSTEM', 'it, or what it would be rotated to, is a directory (EISDIR)'],
};
