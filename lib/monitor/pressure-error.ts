import { readFileSync } from 'node:fs';
import { cgroupError, errnoFailure, fileSystemOf, outOf } from '../cgroup/cgroup-error';
import { SpillwayError, type ErrorCode } from '../errors';
import { errnoName, type NativeFailure } from '../native';

/** The pressure file of a cgroup, or without one the host's. */
export interface PressureFile {
  file: string;
  cgroup: string | undefined;
}

const kernelFix = "boot with the kernel parameter 'psi=1' (the kernel needs CONFIG_PSI)";

/** Makes the error that a user sees of a failed call on a pressure file. `doing` completes "could not ...". */
export function pressureError(at: PressureFile, failure: NativeFailure, doing: string): SpillwayError {
  const name = errnoName(failure);
  const make = (code: ErrorCode, why: string): SpillwayError =>
    new SpillwayError(code, `Could not ${doing} ${at.file}: ${why} (${name})`, {
      cause: Object.assign(new Error(`${failure.syscall} ${at.file}: ${name}`), { code: name, syscall: failure.syscall }),
    });

  switch (name) {
    case 'ENOENT':
    case 'ENODEV':
    case 'ENOTDIR':
      return missing(at, failure, make);
    case 'ENOTSUP': // libuv's name of EOPNOTSUPP
      return make('ERR_SPILLWAY_PRESSURE_DISABLED', `the kernel's measuring of pressure is switched off; ${kernelFix}`);
    case 'EPERM':
      return make('ERR_SPILLWAY_PERMISSION', 'before Linux 6.4 only CAP_SYS_RESOURCE may set a trigger; run with it, or on a newer kernel');
    case 'EACCES':
      return make('ERR_SPILLWAY_PERMISSION', 'it may not be written; run as root, or have the cgroup delegated');
    case 'EROFS':
      return make('ERR_SPILLWAY_PERMISSION', 'its file system is mounted read-only; containers need it writable');
    case 'EBUSY':
      return make('ERR_SPILLWAY_SYSTEM', 'the open file has a trigger already, and the kernel takes one each; start() again opens it anew');
    case 'EINVAL':
      return make('ERR_SPILLWAY_SYSTEM', 'the kernel refuses the trigger, also with a longer window; CAP_SYS_RESOURCE may help');
    case 'bad content':
      return make('ERR_SPILLWAY_FILE_INVALID', "it is not in the kernel's format");
    default: {
      const limit = outOf[name];
      return limit === undefined ? make('ERR_SPILLWAY_SYSTEM', `${failure.syscall} failed`) : make('ERR_SPILLWAY_SYSTEM_LIMIT', limit);
    }
  }
}

function missing(at: PressureFile, failure: NativeFailure, make: (code: ErrorCode, why: string) => SpillwayError): SpillwayError {
  const { cgroup } = at;
  if (cgroup === undefined) return make('ERR_SPILLWAY_PRESSURE_DISABLED', `the kernel does not measure pressure; ${kernelFix}`);
  const elsewhere = notCgroup2(cgroup);
  if (elsewhere !== undefined) return elsewhere;
  if (accountingIsOff(cgroup)) return make('ERR_SPILLWAY_PRESSURE_DISABLED', `pressure is not measured for this cgroup; write 1 to ${cgroup}/cgroup.pressure`);
  return failure.errno > 0 && failure.syscall === 'open'
    ? make('ERR_SPILLWAY_PRESSURE_DISABLED', `the kernel does not measure the pressure of cgroups; ${kernelFix}`)
    : make('ERR_SPILLWAY_CGROUP_NOT_FOUND', 'the cgroup was removed');
}

/**
 * The error of a path that is no cgroup of the v2 hierarchy. Asked before its file is opened: a trigger
 * that is written to an ordinary file would overwrite it.
 */
export function notCgroup2(cgroup: string): SpillwayError | undefined {
  try {
    if (fileSystemOf(cgroup) === 'cgroup2') return undefined;
    return cgroupError(cgroup, errnoFailure({ errno: -2 }, 'open', 'memory.pressure'), 'watch');
  } catch (error) {
    return cgroupError(cgroup, errnoFailure(error, 'statfs', 'memory.pressure'), 'watch');
  }
}

/** Whether somebody wrote 0 to `cgroup.pressure` (6.1), which takes the other pressure files away. */
export function accountingIsOff(cgroup: string): boolean {
  try {
    return readFileSync(`${cgroup}/cgroup.pressure`, 'utf8').trim() === '0';
  } catch {
    return false;
  }
}
