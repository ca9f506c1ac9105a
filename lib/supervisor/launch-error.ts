import { getSystemErrorName } from 'node:util';

import { SpillwayError } from '../errors';
import type { Program } from './spawn-options';

/** One line of the launcher's report: a step that has ended, and its errno (0: it went well). */
export interface LaunchStep {
  readonly step: string;
  readonly errno: number;
}

/** `ErrnoException` with what `child_process` adds. */
type SpawnError = NodeJS.ErrnoException & { spawnargs?: string[] };

/** The errors that `child_process.spawn` emits, with file and arguments; it throws all others, without them. */
const emitted: ReadonlySet<string> = new Set(['EACCES', 'EAGAIN', 'EMFILE', 'ENFILE', 'ENOENT']);

/** The error that `child_process` makes when this program cannot be executed. */
export function programError(errno: number, program: Program, note = ''): Error {
  const code = getSystemErrorName(-errno);
  const withFile = emitted.has(code);
  const syscall = withFile ? `spawn ${program.file}` : 'spawn';
  const error: SpawnError = Object.assign(new Error(`${syscall} ${code}${note}`), { errno: -errno, code, syscall });
  if (withFile) Object.assign(error, { path: program.file, spawnargs: program.argv.slice(1) });
  return error;
}

const whatToDo: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  join: {
    ENODEV: 'the leaf was removed in the meantime: spawn the worker again, into a new leaf',
    EACCES:
      "the cgroup is not delegated: the supervisor's user must be able to write cgroup.procs of the leaf and of the " +
      'nearest ancestor that it shares with the supervisor, and before Linux 5.16 so must the user of option uid',
    EBUSY: 'the leaf has controllers in its cgroup.subtree_control (no internal processes): empty that file',
    // The kernel's EOPNOTSUPP, by libuv's name.
    ENOTSUP: 'the leaf lies in a threaded subtree: use a base cgroup whose cgroup.type is "domain"',
    EINVAL: 'a controller refuses the process: with CONFIG_RT_GROUP_SCHED a realtime supervisor cannot spawn workers',
  },
  oom_score_adj: {
    EACCES: "a value below the supervisor's own needs CAP_SYS_RESOURCE: choose a higher oomScoreAdj",
    EINVAL: 'oomScoreAdj must be a whole number from -1000 to 1000',
    EROFS: '/proc is mounted read-only: mount it writable',
    ENOENT: '/proc is not mounted: mount it',
  },
};

const stepNames: Readonly<Record<string, string>> = {
  join: 'join its cgroup (write 0 to cgroup.procs)',
  oom_score_adj: 'set its oom_score_adj',
};

/** The program could be there, but not in its leaf. */
export function joinError({ step, errno }: LaunchStep, program: Program): SpillwayError {
  const code = getSystemErrorName(-errno);
  const syscall = stepNames[step] ?? step;
  const cause = Object.assign(new Error(`${step} ${code}`), { errno: -errno, code, syscall: step });
  return launchFailed(program, `could not ${syscall}: ${code}`, whatToDo[step]?.[code], cause);
}

/** The system could not run the launcher itself. */
export function launcherError(program: Program, cause: Error): SpillwayError {
  const todo =
    'its file must be readable and executable for the user of option uid, on a file system that is not mounted ' +
    'noexec, and /proc must be mounted';
  return launchFailed(program, `could not run the launcher (${cause.message})`, todo, cause);
}

/** Something ran and ended, but it was not our launcher: a shell, given a file of another architecture. */
export function silentLauncherError(program: Program, exitCode: number | null): SpillwayError {
  const todo = 'its file must be the one built for this machine: reinstall the package here';
  return launchFailed(program, `got no report from the launcher, which exited with ${String(exitCode)}`, todo);
}

function launchFailed(program: Program, what: string, todo?: string, cause?: Error): SpillwayError {
  const message = `The worker ${JSON.stringify(program.file)} ${what}${todo === undefined ? '' : `; ${todo}`}`;
  return new SpillwayError('ERR_SPILLWAY_LAUNCH_FAILED', message, cause && { cause });
}
