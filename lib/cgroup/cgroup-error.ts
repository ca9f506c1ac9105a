import { existsSync, statfsSync, statSync } from 'node:fs';
import { SpillwayError, type ErrorCode } from '../errors';
import { errnoName, type NativeFailure } from '../native';
import { quote } from '../options';

/** `statfs.f_type` of the file systems that matter here: linux/magic.h. */
const CGROUP_SUPER_MAGIC = 0x27e0eb;
const CGROUP2_SUPER_MAGIC = 0x63677270;

export function fileSystemOf(path: string): 'cgroup2' | 'cgroup1' | 'other' {
  const { type } = statfsSync(path);
  if (type === CGROUP2_SUPER_MAGIC) return 'cgroup2';
  return type === CGROUP_SUPER_MAGIC ? 'cgroup1' : 'other';
}

/** What has run out, by the errno that tells of it. */
export const outOf: Readonly<Record<string, string>> = {
  EMFILE: "this process's limit of file descriptors or inotify instances is reached; raise it with 'ulimit -n'",
  ENFILE: 'the system has no file descriptor left; raise fs.file-max',
  ENOSPC: 'no inotify watch or cgroup is left; raise fs.inotify.max_user_watches or cgroup.max.descendants',
  ENOMEM: 'the kernel has no memory left',
  EAGAIN: 'the limit of processes or threads is reached; look at pids.max and ulimit -u',
};

/** Makes the error that a user sees of a failed call on a cgroup's file. `doing` completes "could not ...". */
export function cgroupError(directory: string, failure: NativeFailure, doing: string): SpillwayError {
  const name = errnoName(failure);
  const make = (code: ErrorCode, why: string): SpillwayError =>
    new SpillwayError(code, `Could not ${doing} the cgroup ${quote(directory)}: ${why}`, {
      cause: Object.assign(new Error(`${failure.syscall} ${failure.file}: ${name}`), { code: name, syscall: failure.syscall }),
    });

  if (failure.errno < 0) return make('ERR_SPILLWAY_FILE_INVALID', `${failure.file} is not in the kernel's format; is this a real cgroup?`);
  if (name === 'ENOENT' || name === 'ENOTDIR' || name === 'ENODEV') return missingFile(directory, failure, make);
  if (name === 'EACCES' || name === 'EPERM' || name === 'EROFS') {
    return make('ERR_SPILLWAY_PERMISSION', `no permission for ${failure.file} (${name}); run as root, or have the cgroup delegated ('systemd-run --user --scope -p Delegate=yes ...')`);
  }
  const limit = outOf[name];
  if (limit !== undefined) return make('ERR_SPILLWAY_SYSTEM_LIMIT', `${limit} (${name})`);
  return make('ERR_SPILLWAY_SYSTEM', `${failure.syscall} of ${failure.file === '' ? 'its files' : failure.file} failed with ${name}`);
}

function missingFile(
  directory: string,
  { file }: NativeFailure,
  make: (code: ErrorCode, why: string) => SpillwayError,
): SpillwayError {
  switch (kindOf(directory)) {
    case 'missing':
      return make('ERR_SPILLWAY_CGROUP_NOT_FOUND', 'there is no such directory');
    case 'file':
      return make('ERR_SPILLWAY_NOT_CGROUP2', 'it is not a directory');
    case 'cgroup2':
      return existsSync(`${directory}/cgroup.events`)
        ? make('ERR_SPILLWAY_CONTROLLER_DISABLED', `the ${controllerOf(file)} controller is not enabled for it; write '+${controllerOf(file)}' to cgroup.subtree_control of its parent`)
        : make('ERR_SPILLWAY_CONTROLLER_DISABLED', `the root cgroup has no ${file}; make a child cgroup and watch that`);
    case 'cgroup1':
      return make('ERR_SPILLWAY_NOT_CGROUP2', `it belongs to cgroup v1, which has no ${file}; boot with 'systemd.unified_cgroup_hierarchy=1'`);
    case 'other':
      return make('ERR_SPILLWAY_NOT_CGROUP2', `it is not on a cgroup v2 file system and has no ${file}`);
  }
}

/** Files are named after their controllers. */
function controllerOf(file: string): string {
  return /^(?:cpu|pids)(?=\.)/.exec(file)?.[0] ?? 'memory';
}

function kindOf(directory: string): 'missing' | 'file' | ReturnType<typeof fileSystemOf> {
  try {
    return statSync(directory).isDirectory() ? fileSystemOf(directory) : 'file';
  } catch {
    return 'missing'; // whenever it vanished: before the call that failed, or since
  }
}

/** What a failed call of node:fs amounts to, in the form of the native core's failures. */
export function errnoFailure(error: unknown, syscall: string, file: string): NativeFailure {
  const { errno } = error as NodeJS.ErrnoException;
  if (errno === undefined) throw error;
  return { errno: -errno, syscall, file };
}

/** The errno's name under an error of `cgroupError`. */
export function causeCode(error: unknown): string | undefined {
  return ((error as Error).cause as NodeJS.ErrnoException | undefined)?.code;
}
