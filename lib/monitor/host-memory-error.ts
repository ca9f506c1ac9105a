import { outOf } from '../cgroup/cgroup-error';
import { SpillwayError, type ErrorCode } from '../errors';
import { errnoName, type NativeFailure } from '../native';

/** Makes the error that a user sees of a failed call on /proc/meminfo. `doing` completes "could not ...". */
export function hostMemoryError(failure: NativeFailure, doing: string): SpillwayError {
  const name = errnoName(failure);
  const make = (code: ErrorCode, why: string): SpillwayError =>
    new SpillwayError(code, `Could not ${doing} the memory of the host: ${why} (${name})`, {
      cause: Object.assign(new Error(`${failure.syscall} /proc/meminfo: ${name}`), { code: name, syscall: failure.syscall }),
    });

  if (failure.errno < 0) return make('ERR_SPILLWAY_FILE_INVALID', "/proc/meminfo is not in the kernel's format; MemTotal and MemAvailable are needed, in kB");
  if (name === 'EACCES' || name === 'EPERM') return make('ERR_SPILLWAY_PERMISSION', '/proc/meminfo may not be read');
  const limit = outOf[name];
  if (limit !== undefined) return make('ERR_SPILLWAY_SYSTEM_LIMIT', limit);
  return make('ERR_SPILLWAY_SYSTEM', name === 'ENOENT' ? 'there is no /proc/meminfo; mount proc' : `${failure.syscall} of /proc/meminfo failed`);
}
