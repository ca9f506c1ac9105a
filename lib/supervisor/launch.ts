import { spawn, type ChildProcess, type SpawnOptions } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import type { Readable } from 'node:stream';

import { quote } from '../options';
import { HeldEvents, streamsOf } from './held-events';
import { joinError, launcherError, programError, silentLauncherError, type LaunchStep } from './launch-error';
import { expandStdio, nextFd, readProgram, type Program } from './spawn-options';

/** What the launcher needs from its caller. The fds stay the caller's, who may close them once `launch` has returned. */
export interface LeafJoin {
  /** The leaf's `cgroup.procs`, opened for writing by whoever may move processes (the kernel asks the opener, since 5.16). */
  readonly procsFd: number;
  /** From -1000 to 1000, written to the process's `oom_score_adj`. */
  readonly oomScoreAdj: number;
  /** The launcher's file, opened for reading. */
  readonly launcherFd: number;
  /** Called as soon as the process is there, while its pid cannot be another's. Must not throw. */
  readonly onStart?: (pid: number) => void;
}

/**
 * `child_process.spawn` for a program that is in its cgroup leaf before it starts.
 *
 * Settles when the program has been executed, or cannot be. The child is as `child_process.spawn`
 * would return it, and its events are held back until the caller's continuation has run: attach the
 * listeners there, before any other await than of promises that settle in the same tick.
 *
 * After a rejection nothing is left: no process, fd, timer or listener.
 *
 * @throws what `child_process.spawn` throws or emits for the same program and options.
 * @throws SpillwayError ERR_SPILLWAY_LAUNCH_FAILED if it could not be put into the leaf.
 */
export async function launch(
  file: string,
  args: readonly string[],
  options: SpawnOptions,
  join: LeafJoin,
): Promise<ChildProcess> {
  const program = readProgram(file, args, options);
  const { child, status } = startLauncher(program, options, join);
  if (child.pid !== undefined) join.onStart?.(child.pid);
  const held = new HeldEvents(child);
  const failure = await outcome(child, held, readReport(status), program, options);
  if (failure === undefined) {
    held.release();
    return child;
  }
  discard(child, status);
  held.drop();
  throw failure;
}

function startLauncher(program: Program, options: SpawnOptions, join: LeafJoin) {
  const entries = expandStdio(options.stdio);
  const firstFd = entries === undefined ? 0 : nextFd(entries);
  const child = spawn(
    // Not the launcher's path: the user of option uid may not reach the package's folder.
    `/proc/self/fd/${firstFd + 2}`,
    [String(firstFd), String(join.oomScoreAdj), program.file, ...program.argv],
    {
      ...options,
      shell: false,
      argv0: 'spillway-launch',
      stdio: entries?.concat(join.procsFd, 'pipe', join.launcherFd) ?? options.stdio,
    },
  );
  // Node leaves stdio undefined when it has run out of fds.
  const stdio = child.stdio as unknown as (Readable | null)[] | undefined;
  const status = stdio?.splice(firstFd)[1];
  Object.assign(child, { spawnfile: program.file, spawnargs: [...program.argv] });
  return { child, status };
}

/** The launcher's report, whole: its end of the socket closes when it execs or exits. */
function readReport(status: Readable | null | undefined): Promise<string> {
  return new Promise((resolve) => {
    let report = '';
    const finish = () => {
      resolve(report);
      status?.destroy();
    };
    status?.setEncoding('latin1').on('data', (text: string) => (report += text));
    status?.on('error', ignore).on('end', finish).on('close', finish);
  });
}

/** Why the program was not executed, once that is certain and the process is gone; `undefined` if it was. */
async function outcome(
  child: ChildProcess,
  held: HeldEvents,
  report: Promise<string>,
  program: Program,
  options: SpawnOptions,
): Promise<Error | undefined> {
  const first = await Promise.race([held.failed, report]);
  if (typeof first !== 'string') {
    if (child.pid === undefined) return startError(first, program, options.cwd);
    // Aborted. killSignal may be one that a process survives, and nobody else holds this one.
    child.kill('SIGKILL');
    await held.exited;
    return first;
  }
  const last = lastStep(first);
  if (last?.errno === 0) return undefined;
  await held.exited;
  // Killed before it could join: the caller gets a child that was ended by a signal, as it would have a moment later.
  if (last === undefined) return child.signalCode === null ? silentLauncherError(program, child.exitCode) : undefined;
  return last.step === 'exec' ? programError(last.errno, program) : joinError(last, program);
}

function lastStep(report: string): LaunchStep | undefined {
  const line = report.trimEnd().split('\n').at(-1);
  const [step, errno] = line?.split(' ') ?? [];
  return step === undefined || errno === undefined ? undefined : { step, errno: Number(errno) };
}

/** ENOENT and EACCES are of the cwd or, as the program is not tried yet, of the launcher; the rest is fork's. */
function startError(error: NodeJS.ErrnoException, program: Program, cwd: SpawnOptions['cwd']): Error {
  if (error.code !== 'ENOENT' && error.code !== 'EACCES') return error;
  if (cwd == null || cwd === '') return launcherError(program, error);
  if (!existsSync(cwd)) return programError(-(error.errno ?? 0), program, `: cwd ${quote(String(cwd))} does not exist`);
  return canEnter(cwd) ? launcherError(program, error) : error;
}

function canEnter(cwd: string | URL): boolean {
  try {
    accessSync(cwd, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Closes what the parent holds of a child that the caller will never see. */
function discard(child: ChildProcess, status: Readable | null | undefined): void {
  for (const stream of [...streamsOf(child), status]) stream?.destroy();
  if (child.connected) child.disconnect();
}

function ignore(): void {
  // An 'error' without a listener would end the supervisor.
}
